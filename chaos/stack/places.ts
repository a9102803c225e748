import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Where a process of the stack finds the broker, and whose code it runs. */
export interface Place {
  natsUrl: string;
  /** directory of another checkout to run in place of this one; its own code if it has none */
  checkout?: string;
}

/** Places by the name that the launcher gives a process: `gateway-1`, `presence-worker-3`, `sweeper-2`. */
export type Places = Record<string, Place>;

/** Replaces the file whole, so that a process that starts meanwhile reads the old or the new one. */
export function writePlaces(file: string, places: Places): void {
  writeFileSync(`${file}.new`, JSON.stringify(places), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Throws when the file cannot be read: a process without its place would go past the fault that is meant for it. */
export function readPlaces(file: string): Places {
  return JSON.parse(readFileSync(file, "utf8"));
}
