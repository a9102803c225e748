import type { StoredPresence } from "@meeshy/shared/directory";
import { toIso } from "@meeshy/shared/iso-time";
import { compareVersions, type StatusMessage, type UserStatus } from "@meeshy/shared/status";

/** A person's status from its two sources: what was last published, and the row in the database (CONTRACT 5). */

export type StoredRow = Omit<StoredPresence, "userId" | "availabilityExpiresAt"> &
  Partial<Pick<StoredPresence, "availabilityExpiresAt">>;

export interface Named {
  id: string;
  username: string;
  displayName?: string | null;
  isAnonymous: boolean;
}

/** The newer of both; the time of the last activity is the later one, since it moves between two publications. */
export function mergeStatus(
  user: Named,
  published: StatusMessage | undefined,
  row: StoredRow | undefined,
): UserStatus | undefined {
  if (!row) return published && toUserStatus(published);
  if (!published || compareVersions(row, published) > 0) return fromRow(user, row);
  const status = toUserStatus(published);
  if (row.availability === "invisible") return status;
  return { ...status, lastActiveAt: later(status.lastActiveAt, toIso(row.lastActiveAt)) };
}

/** The public part of a published status: these fields, whatever else a message may carry. */
export function toUserStatus(message: StatusMessage): UserStatus {
  return {
    userId: message.userId,
    username: message.username,
    displayName: message.displayName,
    isAnonymous: message.isAnonymous,
    isOnline: message.isOnline,
    availability: message.availability,
    statusText: message.statusText,
    statusExpiresAt: message.statusExpiresAt,
    lastActiveAt: message.lastActiveAt,
    lastSeen: message.lastSeen,
    epoch: message.epoch,
    version: message.version,
    cause: message.cause,
    at: message.at,
  };
}

function fromRow(user: Named, row: StoredRow): UserStatus {
  const isInvisible = row.availability === "invisible";
  const isOnline = row.isOnline && !isInvisible;
  return {
    userId: user.id,
    username: user.username,
    displayName: user.displayName ?? null,
    isAnonymous: user.isAnonymous,
    isOnline,
    availability: row.availability === "invisible" ? "available" : row.availability,
    statusText: isInvisible ? null : row.statusText,
    statusExpiresAt: isInvisible ? null : toIso(row.availabilityExpiresAt ?? null),
    lastActiveAt: toIso(row.lastActiveAt),
    lastSeen: toIso(row.lastSeen),
    epoch: row.epoch,
    version: row.version,
    cause: isOnline ? "connect" : "disconnect",
    // the row keeps no time of the transition; going offline is what wrote lastSeen
    at: isOnline || row.version === 0 ? null : toIso(row.lastSeen),
  };
}

/** ISO times of one form compare as text. */
const later = (a: string | null, b: string | null): string | null =>
  a === null || (b !== null && b > a) ? b : a;
