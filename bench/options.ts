import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  /** parts of the names of the scenarios to run; empty: all but those that stand apart */
  only: string[];
  rounds: number;
  /** processes of each of Meeshy's gateways */
  gatewayProcesses: number;
  /** where to write the result as JSON; null: a file of its own in bench/results */
  json: string | null;
}

export const USAGE = `npm run bench -- [options]

  --only <names>    only scenarios with one of these in their name, e.g. connect,worker
  --rounds <n>      how often a comparison is repeated, A B, A B (2)
  --gateway-processes <n>
                    processes of each of Meeshy's gateways; the scenario \`processes\` has numbers of its own (1)
  --json <file>     where the result goes (a new file in bench/results)
  --help            this text, and the scenarios`;

const DEFAULT_ROUNDS = 2;

/** Reads the command line; throws with what is wrong. `undefined`: help is wanted. */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ only: text, rounds: text, json: text, "gateway-processes": text },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const count = (name: "rounds" | "gateway-processes", fallback: number, max: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new RangeError(`--${name} ${values[name]}: must be a whole number from 1 to ${max}`);
  };
  const only = (values.only ?? "").split(",").map((name) => name.trim());
  return {
    only: only.filter(Boolean),
    rounds: count("rounds", DEFAULT_ROUNDS, 20),
    gatewayProcesses: count("gateway-processes", 1, 64),
    json: values.json ?? null,
  };
}
