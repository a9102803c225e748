import type { PresenceStore, StoredPresence } from "@meeshy/shared/directory";
import type { Store } from "@meeshy/shared/ports/store";
import { createMemoryStore } from "@meeshy/shared/testing/memory/store";
import type { Random } from "../../chaos/random.ts";
import type { SimProcess } from "../engine/process.ts";
import type { Scheduler } from "../engine/scheduler.ts";

/** The database: the store in memory, behind a link that takes its time and may be away. */
export interface Tables {
  /** the database does not answer */
  isAway: boolean;
  /** What a process sees of it: every call takes its time, and none ends in a dead process. */
  of(process: SimProcess): ProcessStore;
  /** What is stored of a person, at once: for the oracle. */
  find(userId: string): Promise<{ hasRow: boolean; lines: number }>;
  addPerson(userId: string, presence?: Partial<StoredPresence>): void;
}

/** The part of the store that the services of a world use. */
export interface ProcessStore {
  directory: Pick<PresenceStore, "presences">;
  presence: Store["presence"];
  history: Store["history"];
  progress: Store["progress"];
  erasure: Store["erasure"];
}

const ANSWERS_MS: readonly [number, number] = [0.3, 3];
const FAILS_AFTER_MS = 1_000;
const LINES = 10;

export function createTables(scheduler: Scheduler, random: Random, wall: () => number): Tables {
  const store = createMemoryStore({ now: wall });

  const tables: Tables = {
    isAway: false,
    addPerson: (userId, presence = {}) =>
      store.addUser({ id: userId }, { lastActiveAt: null, lastSeen: null, ...presence }),
    async find(userId) {
      const rows = await store.directory.presences([userId]);
      return { hasRow: rows.has(userId), lines: (await store.history.recent(userId, LINES)).length };
    },
    of(process) {
      const ask = <T>(statement: () => Promise<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          const fail = () => reject(new Error("the database does not answer"));
          if (tables.isAway) {
            scheduler.after(FAILS_AFTER_MS, fail, process);
            return;
          }
          // The statement takes effect in the middle; the process may be dead by the time of the answer.
          scheduler.after(random.between(...ANSWERS_MS), () => {
            if (tables.isAway) {
              scheduler.after(FAILS_AFTER_MS, fail, process);
              return;
            }
            const answer = statement();
            answer.catch(() => {});
            scheduler.after(random.between(...ANSWERS_MS), () => resolve(answer), process);
          });
        });
      const afar =
        <Given extends unknown[], T>(call: (...given: Given) => Promise<T>) =>
        (...given: Given): Promise<T> =>
          ask(() => call(...given));
      const { directory, presence, history, progress, erasure } = store;
      return {
        directory: { presences: afar(directory.presences) },
        presence: { write: afar(presence.write), stale: afar(presence.stale) },
        history: {
          write: afar(history.write),
          recent: afar(history.recent),
          newestAt: afar(history.newestAt),
          following: afar(history.following),
          erase: afar(history.erase),
          prune: afar(history.prune),
        },
        erasure: { erase: afar(erasure.erase) },
        progress: { record: afar(progress.record), highest: afar(progress.highest) },
      };
    },
  };
  return tables;
}
