import type { Column } from "../oracle/finding.ts";

/** A fault planted in the product's own code, in the processes' memory alone. */
export interface Sabotage {
  name: string;
  edits: readonly Edit[];
  /** how many of the processes that load the files are changed */
  processes: "one" | "all";
  /** the faults to inject meanwhile: part of their names; null: none */
  faults: string | null;
  /** the columns of which at least one must show it */
  shows: readonly Column[];
}

/** Text to be found once in a file of the repository, and what takes its place. */
interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** Counts on the process' global object: an edit has no place of its own to count in. */
const COUNT =
  "const planted = globalThis as { plantedCount?: number }; planted.plantedCount = (planted.plantedCount ?? 0) + 1;";

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: "a worker that drops every 50th event",
    edits: [
      {
        file: "presence-worker/src/core/partition.ts",
        find: "if (!this.#hasSeen(record)) this.#step(",
        replace: `${COUNT} if (!this.#hasSeen(record) && planted.plantedCount % 50 !== 0) this.#step(`,
      },
    ],
    processes: "one",
    faults: null,
    shows: ["lost", "ghosts", "false offlines"],
  },
  {
    name: "a gateway that emits a stale version",
    edits: [
      {
        file: "gateway/src/delivery/broadcaster.ts",
        find: "const status = toUserStatus(message);",
        replace: `const status = toUserStatus(message);
          const planted = globalThis as { plantedCount?: number; plantedLast?: Map<string, StatusMessage> };
          planted.plantedCount = (planted.plantedCount ?? 0) + 1;
          planted.plantedLast ??= new Map();
          const stale = planted.plantedLast.get(message.userId);
          planted.plantedLast.set(message.userId, message);
          if (stale && planted.plantedCount % 40 === 0) queueMicrotask(() => emit(stale, user));`,
      },
    ],
    processes: "one",
    faults: null,
    shows: ["out of order"],
  },
  {
    name: "a sweeper that ignores freshness",
    edits: [
      {
        file: "sweeper/src/core/lost-gateways.ts",
        find: "(sign) => silentFor(sign) > patience",
        replace: "() => true",
      },
    ],
    processes: "one",
    faults: null,
    shows: ["lost", "false offlines"],
  },
  {
    name: "a takeover that starts one event late",
    edits: [
      {
        file: "presence-worker/src/host/partition-host.ts",
        find: "const { admission, changes, outOfStep, silent } = this.#users.apply(inbound);",
        replace: `const planted = globalThis as { plantedSkipped?: Set<object> };
          planted.plantedSkipped ??= new Set();
          if (this.#claim.memory.seq > 0 && inbound.userId !== undefined && !planted.plantedSkipped.has(this.#claim)) {
            planted.plantedSkipped.add(this.#claim);
            return;
          }
          const { admission, changes, outOfStep, silent } = this.#users.apply(inbound);`,
      },
    ],
    processes: "all",
    faults: "kill:worker",
    shows: ["lost", "ghosts", "false offlines"],
  },
];
