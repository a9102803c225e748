import { readFileSync } from "node:fs";
import { parseArgs, parseEnv } from "node:util";
import { DEPLOYMENT_LINES } from "./preflight/deployment.ts";
import { SERVER_LINES } from "./preflight/servers.ts";
import { SETTING_LINES } from "./preflight/settings.ts";

const IDS = [...SETTING_LINES, ...SERVER_LINES, ...DEPLOYMENT_LINES].map(({ id }) => id);

const USAGE = `npm run preflight -- --env-file <file> [--gateway <url>]… [--prometheus <url>] [--skip <line>]… [--settings-only]

Checks each line of docs/PRE-DEPLOYMENT.md: the variables in the file, the servers that they name, and the processes
that run. Exit code 1 if one is not as it should be. --skip: lines that do not hold here, on purpose. --settings-only:
asks no server. The last lines are for a deployment that runs: --gateway, --prometheus.

lines: ${IDS.join(", ")}`;

const OPTIONS = {
  "env-file": { type: "string" },
  gateway: { type: "string", multiple: true },
  prometheus: { type: "string" },
  skip: { type: "string", multiple: true },
  "settings-only": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

function variablesOf(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`--env-file ${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { gateway: gateways = [], skip = [], prometheus } = values;
  const file = values["env-file"];
  if (values.help || file === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const unknown = skip.filter((id) => !IDS.includes(id));
  if (unknown.length > 0) throw new Error(`--skip ${unknown.join(", ")}: there is no such line\n\n${USAGE}`);
  const variables = variablesOf(file);
  const isDeployed = gateways.length > 0 || prometheus !== undefined;
  const looks: { id: string; look: () => Promise<string | undefined> | string | undefined }[] = [
    ...SETTING_LINES.map(({ id, fault }) => ({ id, look: () => fault(variables) })),
    ...(values["settings-only"]
      ? []
      : SERVER_LINES.map(({ id, fault }) => ({ id, look: () => fault(variables) }))),
    ...(isDeployed
      ? DEPLOYMENT_LINES.map(({ id, fault }) => ({ id, look: () => fault({ gateways, prometheus }) }))
      : []),
  ];
  let faults = 0;
  for (const { id, look } of looks) {
    const isSkipped = skip.includes(id);
    const fault = isSkipped ? undefined : await look();
    if (fault) faults += 1;
    console.log(`${isSkipped ? "skipped" : fault ? "FAULT  " : "ok     "} ${id}${fault ? `: ${fault}` : ""}`);
  }
  const notLooked = IDS.length - looks.length;
  const rest = notLooked > 0 ? `, ${notLooked} not looked at` : "";
  console.log(`\n${looks.length - faults} of ${looks.length} lines are as they should be${rest}`);
  return faults > 0 ? 1 : 0;
}

try {
  // A server that does not answer is asked for ever by the client that was opened for it.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
