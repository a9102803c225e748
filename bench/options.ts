import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  /** parts of the names of the scenarios to run; empty: all but those that stand apart */
  only: string[];
  rounds: number;
  /** processes of each of Meeshy's gateways */
  gatewayProcesses: number;
  /** nats-servers that the scenario `nats-versions` compares: paths, `found` or `newest` */
  natsServers: string[];
  /** where to write the result as JSON; null: a file of its own in bench/results */
  json: string | null;
}

export const USAGE = `npm run bench -- [options]

  --only <names>    only scenarios with one of these in their name, e.g. connect,worker
  --rounds <n>      how often a comparison is repeated, A B, A B, A B (3)
  --gateway-processes <n>
                    processes of each of Meeshy's gateways; the scenario \`processes\` has numbers of its own (1)
  --nats-server <list>
                    what \`nats-versions\` compares: paths of nats-servers, \`found\` (the one that \`npm start\` runs
                    where NATS_SERVER_BIN names none), \`newest\` (of Debian's newest suite) (found,newest)
  --json <file>     where the result goes (a new file in bench/results)
  --help            this text, and the scenarios`;

const DEFAULT_ROUNDS = 3;
const DEFAULT_NATS_SERVERS = "found,newest";

/** Reads the command line; throws with what is wrong. `undefined`: help is wanted. */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ only: text, rounds: text, json: text, "gateway-processes": text, "nats-server": text },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const count = (name: "rounds" | "gateway-processes", fallback: number, max: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new RangeError(`--${name} ${values[name]}: must be a whole number from 1 to ${max}`);
  };
  return {
    only: listOf(values.only),
    rounds: count("rounds", DEFAULT_ROUNDS, 20),
    gatewayProcesses: count("gateway-processes", 1, 64),
    natsServers: listOf(values["nats-server"] ?? DEFAULT_NATS_SERVERS),
    json: values.json ?? null,
  };
}

function listOf(text = ""): string[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.filter(Boolean);
}
