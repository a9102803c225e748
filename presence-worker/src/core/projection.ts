import type { PresenceRow } from "@meeshy/shared/presence-row";
import type { PublicAvailability, StatusMessage } from "@meeshy/shared/status";
import { isHidden, type Shown, type UserRecord } from "./record.ts";

/** How a record reads outside: to the viewers and in the database. */

/** The part of a status that viewers see change; the dates move only along with it. */
export interface PublicFace {
  isOnline: boolean;
  availability: PublicAvailability;
  statusText: string | null;
}

/** How the record should look to viewers; a hidden user is an offline one without a status text. */
export function toPublicFace(record: UserRecord): PublicFace {
  const { state, availability, statusText, stored } = record;
  if (stored === "unknown" || availability === "invisible")
    return { isOnline: false, availability: "available", statusText: null };
  return { isOnline: state !== "offline", availability, statusText };
}

/** Whether there is something to publish of a user: they were shown, or the directory has news of them. */
export function hasStatus({ person, shown, directoryVersion }: UserRecord): boolean {
  return person !== null && (shown !== null || directoryVersion > 0);
}

/**
 * What is published on `presence.status.<userId>` (contract, section 7). Of a user whom this record never
 * showed it is version 0, which replaces no status: it only says what is new in the directory.
 * Throws when there is nothing to publish.
 */
export function toStatusMessage(record: UserRecord): StatusMessage {
  const { userId, person, directoryVersion } = record;
  if (person === null || !hasStatus(record)) throw new Error("a user who was never shown has no status");
  const shown = record.shown ?? neverShown(record);
  return {
    userId,
    username: person.username,
    isAnonymous: person.isAnonymous,
    isOnline: shown.isOnline,
    availability: shown.availability,
    statusText: shown.statusText,
    lastActiveAt: toIso(shown.lastActiveAt),
    lastSeen: toIso(shown.lastSeen),
    epoch: shown.epoch,
    version: shown.version,
    cause: shown.cause,
    at: toIso(shown.at),
    conversationIds: person.conversationIds,
    directoryVersion,
  };
}

function neverShown(record: UserRecord): Shown {
  return {
    ...toPublicFace(record),
    isOnline: false,
    lastActiveAt: isHidden(record) ? null : record.lastActiveAt,
    lastSeen: record.stored === "unknown" ? null : record.lastSeen,
    epoch: 0,
    version: 0,
    cause: "disconnect",
    at: null,
  };
}

/** The user's row. Its public columns are as viewers see them, so that it gives away no one who is hidden. */
export function toRow(record: UserRecord): PresenceRow {
  const { userId, shown } = record;
  const ownLastSeen = record.stored === "unknown" ? null : record.lastSeen;
  const isAvailabilityKnown = record.person !== null && record.stored === "known";
  return {
    userId,
    isAnonymous: userId.startsWith("anon_"),
    isOnline: shown?.isOnline ?? false,
    lastSeen: shown ? shown.lastSeen : ownLastSeen,
    lastActiveAt: isHidden(record) ? (shown?.lastActiveAt ?? null) : record.lastActiveAt,
    availability: isAvailabilityKnown ? record.availability : null,
    statusText: record.statusText,
    availabilityExpiresAt: record.availabilityExpiresAt,
    epoch: shown?.epoch ?? 0,
    version: shown?.version ?? 0,
  };
}

function toIso(ms: number | null): string | null {
  // biome-ignore lint/style/noRestrictedGlobals: turns a given time into text, reads no clock
  return ms === null ? null : new Date(ms).toISOString();
}
