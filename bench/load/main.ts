import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import type { Stack } from "@meeshy/shared/servers/stack";
import { jwtSecret } from "../../bin/launcher/jwt-secret.ts";
import { ROOT } from "../../bin/launcher/root.ts";
import { loadSecrets } from "../../bin/launcher/secrets.ts";
import { runChild } from "../../bin/run/child.mjs";
import { addLoadUsers, planLoadUsers } from "./people.ts";
import { loadScript } from "./script.ts";

const USAGE = `npm run load -- --url <address> [options]

  --url <address>       the gateway, or what stands before it
  --users <n>           how many connect (1000)
  --broadcasts <n>      messages a second of all together (100)
  --seconds <n>         how long they stay once all are in (60)
  --people <file>       CSV of token,conversationId, a line a user, for a service elsewhere
  --data-dir <dir>      for one of npm start: its data directory; people are added to its database (.data)

Passes when all connect and the 95th percentile of acknowledgements is below 100 ms. Runs artillery by npx.`;

const ARTILLERY = "artillery@2.0.34";

/** Gives artillery's exit code: 0 when the pass marks are met. */
async function main(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ url: text, people: text },
      users: { ...text, default: "1000" },
      broadcasts: { ...text, default: "100" },
      seconds: { ...text, default: "60" },
      "data-dir": { ...text, default: ".data" },
      help: { type: "boolean" },
    },
  });
  if (values.help || !values.url) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const users = positive("users", values.users);
  const scratch = mkdtempSync(join(tmpdir(), "meeshy-load-"));
  try {
    const peopleFile = values.people ? resolve(values.people) : join(scratch, "people.csv");
    if (!values.people) await writePeople(peopleFile, users, resolve(ROOT, values["data-dir"]));
    const script = join(scratch, "load.json");
    const plan = {
      ...{ url: values.url, users, peopleFile },
      broadcastsPerSecond: positive("broadcasts", values.broadcasts),
      holdSeconds: positive("seconds", values.seconds),
    };
    writeFileSync(script, JSON.stringify(loadScript(plan)));
    const { code } = await runChild("npx", ["--yes", ARTILLERY, "run", script], {
      cwd: scratch,
      env: withThisNode(),
    });
    return code ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** artillery needs a newer Node than npm may run on. */
function withThisNode(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
}

/** People of the stack that runs on this data directory, with tokens that its gateways take. */
async function writePeople(file: string, count: number, dataDir: string): Promise<void> {
  const stack: Stack = JSON.parse(readFileSync(join(dataDir, "stack.json"), "utf8"));
  const secret = jwtSecret(process.env, (await loadSecrets(dataDir)).jwtSecret);
  if (!secret) throw new Error("tokens come from another issuer: give --people");
  const users = planLoadUsers(count);
  await addLoadUsers(stack.database.url, users);
  const now = new Date();
  const lines = users.map(({ userId, conversationId }) => {
    const token = demoToken({ id: userId, username: userId, role: "USER" }, secret, now);
    return `${token},${conversationId}\n`;
  });
  writeFileSync(file, lines.join(""), { mode: 0o600 });
}

function positive(name: string, given: string): number {
  const value = Number(given);
  if (!(Number.isInteger(value) && value > 0 && value <= 1_000_000))
    throw new RangeError(`--${name} ${given}: must be a whole number above 0`);
  return value;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
