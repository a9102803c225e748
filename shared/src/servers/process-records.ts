import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { endProcesses } from "./end-processes.ts";
import { identify, lives, type ProcessIdentity } from "./process-identity.ts";

type Entry = ProcessIdentity & { name: string; stopSignal: NodeJS.Signals };

/**
 * The processes that this launcher started, on disk: a launcher that is killed cannot end them, the next one
 * does. A record is written as soon as its process exists, and names it by birth as well as number, so that no
 * other process is ever ended in its place.
 */
export function createProcessRecords(file: string) {
  let entries: Entry[] = [];

  function save(): void {
    writeFileSync(`${file}.new`, `${JSON.stringify(entries, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  return {
    add(name: string, pid: number, stopSignal: NodeJS.Signals): void {
      const identity = identify(pid);
      entries = entries.filter(lives);
      if (identity) entries.push({ name, stopSignal, ...identity });
      save();
    },

    /** Ends all that is left running, PostgreSQL after those who use it; gives their names. */
    async endLeftovers(): Promise<string[]> {
      const left = read(file).filter(lives);
      for (const signal of ["SIGTERM", "SIGINT"] as const) {
        await endProcesses(
          left.filter((entry) => entry.stopSignal === signal),
          signal,
          5_000,
        );
      }
      entries = [];
      save();
      return left.map(({ name }) => name);
    },
  };
}

export type ProcessRecords = ReturnType<typeof createProcessRecords>;

function read(file: string): Entry[] {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}
