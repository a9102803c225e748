import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  /** parts of the names of the scenarios to run; empty: all but those that stand apart */
  only: string[];
  rounds: number;
  /** where to write the result as JSON; null: a file of its own in bench/results */
  json: string | null;
}

export const USAGE = `npm run bench -- [options]

  --only <names>    only scenarios with one of these in their name, e.g. connect,worker
  --rounds <n>      how often a comparison is repeated, A B, A B (2)
  --json <file>     where the result goes (a new file in bench/results)
  --help            this text, and the scenarios`;

const DEFAULT_ROUNDS = 2;

/** Reads the command line; throws with what is wrong. `undefined`: help is wanted. */
export function parseOptions(args: string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: { only: text, rounds: text, json: text, help: { type: "boolean" } },
  });
  if (values.help) return undefined;
  const rounds = values.rounds === undefined ? DEFAULT_ROUNDS : Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 20))
    throw new RangeError(`--rounds ${values.rounds}: must be a whole number from 1 to 20`);
  const only = (values.only ?? "").split(",").map((name) => name.trim());
  return { only: only.filter(Boolean), rounds, json: values.json ?? null };
}
