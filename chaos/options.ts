import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Options {
  seed: number;
  /** how long the whole run may take, start and stop included */
  minutes: number;
  /** part of the names of the faults to inject; null: all */
  only: string | null;
  clients: number;
  /** where to write the result as JSON */
  json: string | null;
}

export const USAGE = `npm run test:chaos -- [options]

  --seed <number>     repeats the doings of a run (random, and printed)
  --minutes <number>  how long the whole run may take (4.9)
  --only <text>       only faults whose name contains this, e.g. kill, gateway, cut:worker
  --clients <number>  how many clients (320)
  --json <file>       also writes the result there
  --help              this text`;

const DEFAULTS = { minutes: 4.9, clients: 320 };
const MAX_SEED = 2 ** 31;

/** Reads the command line; throws with what is wrong. `undefined`: help is wanted. */
export function parseOptions(args: string[], randomSeed: () => number): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: { seed: text, minutes: text, only: text, clients: text, json: text, help: { type: "boolean" } },
  });
  if (values.help) return undefined;
  const number = (
    name: "seed" | "minutes" | "clients",
    fallback: number,
    min: number,
    max: number,
  ): number => {
    const given = values[name];
    const value = given === undefined ? fallback : Number(given);
    if (given === "" || !(value >= min && value <= max)) {
      throw new RangeError(`--${name} ${given}: must be a number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    seed: Math.floor(number("seed", Math.floor(randomSeed() * MAX_SEED), 0, MAX_SEED)),
    minutes: number("minutes", DEFAULTS.minutes, 1, 600),
    clients: Math.floor(number("clients", DEFAULTS.clients, 2, 20_000)),
    only: values.only ?? null,
    json: values.json ?? null,
  };
}
