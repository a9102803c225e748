import { isStorable } from "../../src/ids.ts";
import {
  FOLLOWING_MAX,
  type HistoryPlace,
  type TransitionHistory,
} from "../../src/ports/transition-history.ts";
import { compareVersions } from "../../src/status.ts";
import type { MemoryTables } from "./tables.ts";

const DAY_MS = 86_400_000;

/** People's history in memory. */
export function createMemoryHistory({ history, now }: MemoryTables): TransitionHistory {
  return {
    async write(rows) {
      const before = history.size;
      for (const row of rows) {
        const key = `${row.userId} ${row.epoch} ${row.version}`;
        if (isStorable(row.userId) && !history.has(key)) history.set(key, row);
      }
      return history.size - before;
    },
    async recent(userId, limit) {
      const own = [...history.values()].filter((row) => row.userId === userId);
      return own.sort((a, b) => compareVersions(b, a)).slice(0, limit);
    },
    newestAt: async () =>
      [...history.values()].reduce<number | null>((a, { at }) => Math.max(a ?? at, at), null),
    following: async (place) =>
      [...history.values()]
        .filter((row) => byPlace(row, place) > 0)
        .sort(byPlace)
        .slice(0, FOLLOWING_MAX),
    async erase(userId) {
      for (const [key, row] of history) if (row.userId === userId) history.delete(key);
    },
    async prune(days) {
      const before = history.size;
      const until = now() - days * DAY_MS;
      for (const [key, { at }] of history) if (at < until) history.delete(key);
      return before - history.size;
    },
  };
}

const byPlace = (a: HistoryPlace, b: HistoryPlace): number =>
  a.at - b.at || (a.userId < b.userId ? -1 : a.userId > b.userId ? 1 : compareVersions(a, b));
