import type { SelfNotice } from "@meeshy/shared/events";
import { toIso } from "@meeshy/shared/iso-time";
import { isPlain } from "@meeshy/shared/layer-precedence";
import type { PresenceRow } from "@meeshy/shared/presence-row";
import type { PublicAvailability, StatusMessage, UserStatus } from "@meeshy/shared/status";
import { layersOf, strongestClaim, strongestOf, strongestUnhidden } from "./layers.ts";
import { isHidden, type Shown, type UserRecord } from "./record.ts";

/** How a record reads outside: to the viewers and in the database. */

/** The part of a status that viewers see change; the dates move only along with it. */
export interface PublicState {
  isOnline: boolean;
  availability: PublicAvailability;
  statusText: string | null;
  /** when that ends by itself, ms */
  expiresAt?: number | undefined;
  /** log sequence of the service's claim that it is */
  claim?: number | undefined;
}

/** How the record should look to viewers; a hidden user of whom nothing was shown is an offline one without a status text. */
export function toPublicState(record: UserRecord): PublicState {
  // Most records have no layers, and this is asked at each event.
  const strongest = record.layers ? strongestOf(record) : undefined;
  const { availability, statusText } = strongest ?? record;
  const expiresAt = strongest ? strongest.expiresAt : record.availabilityExpiresAt;
  if (record.stored === "unknown" || availability === "invisible")
    return { isOnline: false, availability: "available", statusText: null, expiresAt: undefined };
  return {
    isOnline: record.state !== "offline",
    availability,
    statusText,
    expiresAt: expiresAt ?? undefined,
    claim: strongest?.seq,
  };
}

/**
 * How a hidden user looks, as one who has left with the look of `last`: with the person's own choice until it ends by
 * itself, then with what that uncovers, but for what hides the user; with what services say, as they say it.
 */
export function toHiddenState(last: PublicState, record: UserRecord, isLastOver: boolean): PublicState {
  const isOwn = last.claim === undefined && !isPlain(last);
  if (record.stored === "unknown" || (isOwn && !isLastOver)) return { ...last, isOnline: false };
  const { availability, statusText, expiresAt, seq } = isOwn
    ? strongestUnhidden(record)
    : strongestClaim(record);
  return {
    isOnline: false,
    availability: availability === "invisible" ? "available" : availability,
    statusText,
    expiresAt: expiresAt ?? undefined,
    claim: seq,
  };
}

/** Whether there is something to publish of a user: they were shown, or the directory has news of them. */
export function hasStatus({ person, shown, directoryVersion }: UserRecord): boolean {
  return person !== null && (shown !== null || directoryVersion > 0);
}

/**
 * What is published on `presence.status.<userId>` (contract, section 7). Of a user whom this record never
 * showed it is version 0, which replaces no status: it only carries what is new in the directory.
 * Throws when there is nothing to publish.
 */
export function toStatusMessage(record: UserRecord): StatusMessage {
  const { userId, person, directoryVersion } = record;
  if (person === null || !hasStatus(record)) throw new Error("a user who was never shown has no status");
  const shown = record.shown ?? neverShown(record);
  return {
    userId,
    username: person.username,
    displayName: person.displayName ?? null,
    isAnonymous: person.isAnonymous,
    isOnline: shown.isOnline,
    availability: shown.availability,
    statusText: shown.statusText,
    statusExpiresAt: toIso(shown.expiresAt ?? null),
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

/** Most connections that a notice lists, the newest: it is sent at each change of them. */
const LISTED_MAX = 100;

/** What the user's own devices are to know; `epoch`: of the log in which the record stands. */
export function toSelfNotice(record: UserRecord, epoch: number): SelfNotice {
  const { userId, seq } = record;
  return {
    userId,
    epoch,
    seq,
    status: record.person && record.shown ? toUserStatus(record) : null,
    layers: layersOf(record),
    connections: [...record.connections.slice(-LISTED_MAX), ...(record.sessions ?? [])].map(
      ({ id, device, since }) => ({ id, device, since }),
    ),
  };
}

function toUserStatus(record: UserRecord): UserStatus {
  const { conversationIds: _, directoryVersion: __, ...status } = toStatusMessage(record);
  return status;
}

function neverShown(record: UserRecord): Shown {
  return {
    ...toPublicState(record),
    isOnline: false,
    lastActiveAt: isHidden(record) ? null : record.lastActiveAt,
    lastSeen: record.stored === "unknown" ? null : record.lastSeen,
    epoch: 0,
    version: 0,
    cause: "disconnect",
    at: null,
  };
}

/** The user's row. Its public columns are as viewers see them, so that it reveals no hidden user. */
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
