import type { StoredPresence } from "../../src/directory.ts";
import { isStorable } from "../../src/ids.ts";
import type { LogPosition, LogProgress } from "../../src/ports/log-progress.ts";
import type { PresenceRows } from "../../src/ports/presence-rows.ts";
import {
  AHEAD_MAX_MS,
  EPOCH_LEAD_MAX,
  LOOKED_AT_AHEAD_MS,
  type PresenceRow,
} from "../../src/presence-row.ts";
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
          people.set(row.userId, {
            ...person,
            presence: merged(person.presence, row, tables.now() + AHEAD_MAX_MS),
          });
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

    async stale({ thresholdMs, limit, after = "", notWrittenIn }) {
      for (const bound of [thresholdMs, limit, notWrittenIn?.epoch ?? 0, notWrittenIn?.from ?? 0])
        if (!Number.isSafeInteger(bound) || bound < 0) throw new RangeError(`not a whole number: ${bound}`);
      const [before, ahead] = [tables.now() - thresholdMs, tables.now() + LOOKED_AT_AHEAD_MS];
      const isStale = (lastActiveAt: number) => lastActiveAt < before || lastActiveAt > ahead;
      const rows = [...people.values()]
        .filter(({ presence }) => presence.isOnline && isStale(presence.lastActiveAt ?? 0))
        .filter(({ user, presence: { epoch, version } }) => {
          const isKnown = epoch === notWrittenIn?.epoch && version >= notWrittenIn.from;
          return user.id > after && !isKnown;
        })
        .sort((a, b) => (a.user.id < b.user.id ? -1 : 1))
        .slice(0, limit + 1);
      const found = rows
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
      return { people: found, next: rows.length > limit ? (found.at(-1)?.userId ?? null) : null };
    },
  };
}

/** Whether what is stored stands against the row. */
const isHeld = (stored: StoredPresence, row: PresenceRow): boolean =>
  row.version > 0 && compareVersions(stored, row) > 0 && stored.epoch <= row.epoch + EPOCH_LEAD_MAX;

/** `bound`: what is later was written by a wrong clock. */
function merged(stored: StoredPresence, row: PresenceRow, bound: number): StoredPresence {
  const { isOnline, epoch, version } = row.version === 0 ? stored : row;
  const { availability, statusText, availabilityExpiresAt } = row;
  return {
    ...stored,
    ...{ isOnline, epoch, version },
    lastSeen: laterOf(stored.lastSeen, row.lastSeen, bound),
    lastActiveAt: laterOf(stored.lastActiveAt, row.lastActiveAt, bound),
    ...(availability === null || row.isAnonymous
      ? {}
      : { availability, statusText: statusText?.replaceAll("\0", "") ?? null, availabilityExpiresAt }),
  };
}

function laterOf(stored: number | null, given: number | null, bound: number): number | null {
  if (stored === null || given === null) return stored ?? given;
  return stored > bound && given <= bound ? given : Math.max(stored, given);
}

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
