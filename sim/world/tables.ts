import type { StoredPresence } from "@meeshy/shared/directory";
import { EPOCH_LEAD_MAX, type PresenceRow } from "@meeshy/shared/presence-row";
import { compareVersions } from "@meeshy/shared/status";
import type { Random } from "../../chaos/random.ts";
import type { PresenceTables } from "../../presence-worker/src/io/database-writer.ts";
import type { SimProcess } from "../engine/process.ts";
import type { Scheduler } from "../engine/scheduler.ts";

interface Position {
  epoch: number;
  seq: number;
}

interface HistoryEntry {
  userId: string;
  epoch: number;
  version: number;
  at: number;
}

/** The database's tables, with the guards of their statements (`db/presence-writer`, `db/transitions`, `db/presence-log`). */
export interface Tables {
  rows: Map<string, StoredPresence>;
  history: Map<string, HistoryEntry>;
  progress: Map<number, Position>;
  /** the database does not answer */
  isAway: boolean;
  /** What a process sees of it: every call takes its time, and none ends in a dead process. */
  of(process: SimProcess): ProcessTables;
  addPerson(userId: string, changes?: Partial<StoredPresence>): void;
}

export interface ProcessTables extends PresenceTables {
  remembered(): Promise<Position | undefined>;
  presences(userIds: readonly string[]): Promise<Map<string, StoredPresence>>;
  staleOnline(thresholdMs: number): Promise<StoredPresence[]>;
  pruneHistory(): Promise<number>;
}

const ANSWERS_MS: readonly [number, number] = [0.3, 3];
const FAILS_AFTER_MS = 1_000;
const HISTORY_MS = 30 * 24 * 3_600_000;

export function createTables(scheduler: Scheduler, random: Random, wall: () => number): Tables {
  const rows = new Map<string, StoredPresence>();
  const history = new Map<string, HistoryEntry>();
  const progress = new Map<number, Position>();

  /** Gives what stands against the row; `undefined`: it was written, or there is no such person. */
  const writeRow = (row: PresenceRow): StoredPresence | undefined => {
    const stored = rows.get(row.userId);
    if (!stored) return undefined;
    const isNewer = row.version !== 0 && compareVersions(stored, row) > 0;
    if (isNewer && stored.epoch <= row.epoch + EPOCH_LEAD_MAX) return stored;
    const wasShown = row.version !== 0;
    rows.set(row.userId, {
      userId: row.userId,
      isOnline: wasShown ? row.isOnline : stored.isOnline,
      lastSeen: latest(stored.lastSeen, row.lastSeen),
      lastActiveAt: latest(stored.lastActiveAt, row.lastActiveAt),
      availability: row.availability ?? stored.availability,
      statusText: row.availability === null ? stored.statusText : row.statusText,
      availabilityExpiresAt:
        row.availability === null ? stored.availabilityExpiresAt : row.availabilityExpiresAt,
      epoch: wasShown ? row.epoch : stored.epoch,
      version: wasShown ? row.version : stored.version,
    });
    return undefined;
  };

  const tables: Tables = {
    rows,
    history,
    progress,
    isAway: false,
    addPerson(userId, changes = {}) {
      rows.set(userId, {
        userId,
        isOnline: false,
        lastActiveAt: null,
        lastSeen: null,
        availability: "available",
        statusText: null,
        availabilityExpiresAt: null,
        epoch: 0,
        version: 0,
        ...changes,
      });
    },
    of(process) {
      const ask = <T>(statement: () => T): Promise<T> =>
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
            const value = statement();
            scheduler.after(random.between(...ANSWERS_MS), () => resolve(value), process);
          });
        });
      return {
        writePresence: (given) =>
          ask(() => {
            const refused = given.flatMap((row) => writeRow(row) ?? []);
            const [newest = null] = refused.sort((a, b) => compareVersions(b, a));
            return { written: given.length - refused.length, refused: refused.length, newest };
          }),
        writeHistory: (lines) =>
          ask(() => {
            for (const { userId, epoch, version, at } of lines)
              history.set(`${userId} ${epoch} ${version}`, { userId, epoch, version, at });
          }),
        eraseHistory: (userId) =>
          ask(() => {
            for (const [key, entry] of history) if (entry.userId === userId) history.delete(key);
          }),
        writeProgress: (positions) =>
          ask(() => {
            for (const { partition, epoch, seq } of positions) {
              const stored = progress.get(partition);
              const isLater = !stored || epoch > stored.epoch || (epoch === stored.epoch && seq > stored.seq);
              if (isLater) progress.set(partition, { epoch, seq });
            }
          }),
        remembered: () =>
          ask(() => [...progress.values()].sort((a, b) => b.epoch - a.epoch || b.seq - a.seq)[0]),
        presences: (userIds) => ask(() => new Map([...rows].filter(([userId]) => userIds.includes(userId)))),
        staleOnline: (thresholdMs) =>
          ask(() =>
            [...rows.values()].filter(
              ({ isOnline, lastActiveAt }) => isOnline && (lastActiveAt ?? 0) < wall() - thresholdMs,
            ),
          ),
        pruneHistory: () =>
          ask(() => {
            let pruned = 0;
            for (const [key, { at }] of history) {
              if (at >= wall() - HISTORY_MS) continue;
              history.delete(key);
              pruned++;
            }
            return pruned;
          }),
      };
    },
  };
  return tables;
}

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
