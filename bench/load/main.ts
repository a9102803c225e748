import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import type { Stack } from "@meeshy/shared/servers/stack";
import { jwtSecret } from "../../bin/launcher/jwt-secret.ts";
import { findDataDir } from "../../bin/launcher/running-stacks.ts";
import { loadSecrets } from "../../bin/launcher/secrets.ts";
import { runChild } from "../../bin/run/child.mjs";
import { describeSeen, isInTime, measureChanges } from "./changes-seen.ts";
import { addLoadPeople, everyone, type LoadPair, planLoadPeople, removeLoadPeople } from "./people.ts";
import { type FilePerson, readPeople, toLines } from "./people-file.ts";
import { loadScript } from "./script.ts";

const USAGE = `npm run load -- [options]

  --users <n>           how many connect (1000)
  --broadcasts <n>      messages a second of all together (100)
  --seconds <n>         how long they stay once all are in (60)
  --data-dir <dir>      the stack's, of several that run; people are added to its database, and removed at the end
  --url <address>       a gateway, or what stands before it (the stack's first gateway)
  --people <file>       for a service elsewhere: CSV of token,conversationId, a line a user

Passes when all connect, the 95th percentile of acknowledgements is below 100 ms, and contacts see every connect and
leave of some people, leaves within 150 ms (95th percentile). Runs artillery by npx.`;

const ARTILLERY = "artillery@2.0.34";
const PROGRESS_MS = 5_000;

interface Crowd {
  url: string;
  users: FilePerson[];
  pairs: LoadPair<FilePerson>[];
  remove(): Promise<void>;
}

/** Gives the exit code: 0 when the pass marks are met. */
async function main(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ url: text, people: text, "data-dir": text },
      users: { ...text, default: "1000" },
      broadcasts: { ...text, default: "100" },
      seconds: { ...text, default: "60" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const size = {
    broadcastsPerSecond: positive("broadcasts", values.broadcasts),
    holdSeconds: positive("seconds", values.seconds),
  };
  const users = positive("users", values.users);
  const crowd =
    values.people === undefined
      ? await crowdOfStack(findDataDir(values["data-dir"]), values.url, users)
      : crowdOfFile(resolve(values.people), values.url, users);
  try {
    return await run(crowd, size);
  } finally {
    await crowd.remove();
  }
}

async function run(
  { url, users, pairs }: Crowd,
  size: { broadcastsPerSecond: number; holdSeconds: number },
): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), "meeshy-load-"));
  const began = performance.now();
  const say = (line: string) =>
    console.log(`[${((performance.now() - began) / 1_000).toFixed(0)} s] ${line}`);
  say(`${users.length} users connect to ${url}, ${pairs.length} pairs are measured; artillery is got by npx`);
  const changes = measureChanges(url, pairs);
  const progress = setInterval(() => say(describeSeen(changes.seen)), PROGRESS_MS);
  try {
    const peopleFile = join(scratch, "people.csv");
    writeFileSync(peopleFile, toLines(users), { mode: 0o600 });
    const script = join(scratch, "load.json");
    writeFileSync(script, JSON.stringify(loadScript({ ...size, url, users: users.length, peopleFile })));
    const { code } = await runChild("npx", ["--yes", ARTILLERY, "run", script], {
      cwd: scratch,
      env: withThisNode(),
    });
    await changes.stop();
    say(
      pairs.length > 0
        ? describeSeen(changes.seen)
        : "no two people share a conversation: nothing was measured",
    );
    if (pairs.length > 0 && !isInTime(changes.seen))
      say("failed: contacts did not see every change, or too late");
    return (code ?? 1) || (pairs.length > 0 && !isInTime(changes.seen) ? 1 : 0);
  } finally {
    clearInterval(progress);
    await changes.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** artillery needs a newer Node than npm may run on. */
function withThisNode(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
}

function crowdOfFile(file: string, url: string | undefined, most: number): Crowd {
  if (url === undefined) throw new Error("--people needs --url, the service where these people are");
  const { users, pairs } = readPeople(readFileSync(file, "utf8"));
  return { url, users: users.slice(0, most), pairs, remove: async () => {} };
}

/** People of the stack that runs on this data directory, with tokens that its gateways take. */
async function crowdOfStack(dataDir: string, url: string | undefined, count: number): Promise<Crowd> {
  const stack = readStack(dataDir);
  const secret = jwtSecret(process.env, (await loadSecrets(dataDir)).jwtSecret);
  if (!secret) throw new Error("tokens come from another issuer: give --people");
  const plan = planLoadPeople(randomBytes(4).toString("hex"), count);
  await addLoadPeople(stack.database.url, everyone(plan));
  const now = new Date();
  const withToken = ({ userId, conversationId }: { userId: string; conversationId: string }): FilePerson => ({
    token: demoToken({ id: userId, username: userId, role: "USER" }, secret, now),
    conversationId,
  });
  return {
    url: url ?? stack.gateways[0]?.url ?? "",
    users: plan.users.map(withToken),
    pairs: plan.pairs.map(({ comes, sees }) => ({ comes: withToken(comes), sees: withToken(sees) })),
    async remove() {
      console.log(`removing ${everyone(plan).length} people`);
      await removeLoadPeople(stack, everyone(plan));
    },
  };
}

function readStack(dataDir: string): Stack {
  try {
    return JSON.parse(readFileSync(join(dataDir, "stack.json"), "utf8"));
  } catch (cause) {
    throw new Error(`no stack runs in ${dataDir}: start one with npm start, or give --data-dir`, { cause });
  }
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
