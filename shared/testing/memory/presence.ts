import type { StoredPresence } from "../../src/directory.ts";
import { isStorable } from "../../src/ids.ts";
import type { LogPosition, LogProgress } from "../../src/ports/log-progress.ts";
import type { PresenceRows } from "../../src/ports/presence-rows.ts";
import { EPOCH_LEAD_MAX, type PresenceRow } from "../../src/presence-row.ts";
import { compareVersions, STATUS_TEXT_MAX } from "../../src/status.ts";
import { conversationsOf, type MemoryTables, newPerson } from "./tables.ts";

/** Presence rows in memory, with the guards of the statements (`db/presence-writer`, `db/presence-log`). */
export function createMemoryPresence(
  tables: MemoryTables,
  { addsRows }: { addsRows: boolean },
): PresenceRows {
  const { people } = tables;
  return {
    async write(rows) {
      const newest = new Map<string, PresenceRow>();
      for (const row of rows) {
        const known = newest.get(row.userId);
        if (known === undefined || compareVersions(row, known) >= 0) newest.set(row.userId, row);
      }
      let written = 0;
      const held: StoredPresence[] = [];
      for (const row of newest.values()) {
        if (addsRows && !row.isAnonymous && isStorable(row.userId) && !people.has(row.userId))
          people.set(row.userId, newPerson({ id: row.userId }, {}, tables.now()));
        const person = people.get(row.userId);
        if (!person) continue;
        if (isHeld(person.presence, row)) held.push(person.presence);
        else {
          people.set(row.userId, { ...person, presence: merged(person.presence, row) });
          written++;
        }
      }
      const [last] = held.sort((a, b) => compareVersions(b, a));
      return {
        written,
        refused: held.length,
        newest: last ? { epoch: last.epoch, version: last.version } : null,
      };
    },

    async stale({ thresholdMs, limit }) {
      for (const bound of [thresholdMs, limit])
        if (!Number.isSafeInteger(bound) || bound < 0) throw new RangeError(`not a whole number: ${bound}`);
      const before = tables.now() - thresholdMs;
      return [...people.values()]
        .filter(({ presence }) => presence.isOnline && (presence.lastActiveAt ?? 0) < before)
        .sort((a, b) => (a.presence.lastActiveAt ?? 0) - (b.presence.lastActiveAt ?? 0))
        .slice(0, limit)
        .map(({ user, presence: { userId, isOnline: _, epoch: __, version: ___, ...stored } }) => ({
          userId,
          profile: {
            ...stored,
            username: user.username,
            displayName: user.displayName,
            isAnonymous: user.isAnonymous,
            conversationIds: conversationsOf(tables, userId),
            statusText: stored.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
          },
        }));
    },
  };
}

/** Whether what is stored stands against the row. */
const isHeld = (stored: StoredPresence, row: PresenceRow): boolean =>
  row.version > 0 && compareVersions(stored, row) > 0 && stored.epoch <= row.epoch + EPOCH_LEAD_MAX;

function merged(stored: StoredPresence, row: PresenceRow): StoredPresence {
  const { isOnline, epoch, version } = row.version === 0 ? stored : row;
  const { availability, statusText, availabilityExpiresAt } = row;
  return {
    ...stored,
    ...{ isOnline, epoch, version },
    lastSeen: latest(stored.lastSeen, row.lastSeen),
    lastActiveAt: latest(stored.lastActiveAt, row.lastActiveAt),
    ...(availability === null || row.isAnonymous
      ? {}
      : { availability, statusText: statusText?.replaceAll("\0", "") ?? null, availabilityExpiresAt }),
  };
}

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

/** How far the log was processed, in memory. */
export function createMemoryProgress({ progress }: MemoryTables): LogProgress {
  return {
    async record(positions) {
      const ordered = positions.toSorted(byPosition);
      const highest = new Map(ordered.map(({ partition, epoch, seq }) => [partition, { epoch, seq }]));
      for (const [partition, position] of highest) {
        const stored = progress.get(partition);
        const isImpossible = stored && stored.epoch > position.epoch + EPOCH_LEAD_MAX;
        if (!stored || isImpossible || byPosition(stored, position) < 0) progress.set(partition, position);
      }
    },
    highest: async () => [...progress.values()].sort(byPosition).at(-1),
  };
}

const byPosition = (a: LogPosition, b: LogPosition): number => a.epoch - b.epoch || a.seq - b.seq;
