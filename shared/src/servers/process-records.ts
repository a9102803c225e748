import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { endProcesses, type Stoppable } from "./end-processes.ts";
import { identify, lives } from "./process-identity.ts";

/** `layer`: a process uses processes of lower layers. */
type Entry = Stoppable & { name: string; layer: number };

/** How long one layer may take to end, in milliseconds. */
const LAYER_MS = 5_000;

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
    add(pid: number, about: { name: string; stopSignal: NodeJS.Signals; layer: number }): void {
      const identity = identify(pid);
      entries = entries.filter(lives);
      if (identity) entries.push({ ...about, ...identity });
      save();
    },

    /** Ends all that is left running, users before what they use; `announce` receives their names before. */
    async endLeftovers(announce: (names: string[]) => void = () => {}): Promise<void> {
      const left = read(file).filter(lives);
      if (left.length > 0) announce(left.map(({ name }) => name));
      for (const layer of [...new Set(left.map((entry) => entry.layer))].sort((a, b) => b - a)) {
        await endProcesses(
          left.filter((entry) => entry.layer === layer),
          LAYER_MS,
        );
      }
      entries = [];
      save();
    },
  };
}

function read(file: string): Entry[] {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}
