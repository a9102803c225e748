/** A person's presence as others see it (CONTRACT 4): types and pure rules, without zod, for browsers too. */

export const PUBLIC_AVAILABILITIES = ["available", "busy", "dnd"] as const;
/** What a person can choose to show. `invisible` reads as offline for everyone else. */
export const AVAILABILITIES = [...PUBLIC_AVAILABILITIES, "invisible"] as const;
/** An availability as others see it. */
export type PublicAvailability = (typeof PUBLIC_AVAILABILITIES)[number];
/** An availability as the person chooses it. */
export type Availability = (typeof AVAILABILITIES)[number];

/** Why a status is what it is. */
export const CAUSES = [
  "connect",
  "disconnect",
  "connection-lost",
  "idle",
  "gateway-lost",
  "activity",
  "admin",
  "manual",
] as const;
/** One of {@link CAUSES}. */
export type Cause = (typeof CAUSES)[number];

/** States of a person's lifecycle (ARCHITECTURE "The lifecycle"): viewers see a zombie as online. */
export const LIFECYCLE_STATES = ["online", "zombie", "offline"] as const;
/** One of {@link LIFECYCLE_STATES}. */
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

/** Greatest length of a status text, in UTF-16 code units. */
export const STATUS_TEXT_MAX = 140;

/**
 * One person's presence. A status with a greater `(epoch, version)` replaces an older one;
 * `version` is the log sequence of the last public change, `at` the broker's time of it.
 */
export interface UserStatus {
  userId: string;
  username: string | null;
  displayName: string | null;
  isAnonymous: boolean;
  isOnline: boolean;
  availability: PublicAvailability;
  statusText: string | null;
  /** when availability and text end by themselves; null: they do not */
  statusExpiresAt: string | null;
  /** ISO 8601, as every time here; null: hidden, or never */
  lastActiveAt: string | null;
  lastSeen: string | null;
  epoch: number;
  version: number;
  cause: Cause;
  at: string | null;
}

/** What is published on `presence.status.<userId>` (CONTRACT 7). */
export interface StatusMessage extends UserStatus {
  /** version of this format: see `VERSIONS` */
  v?: number | undefined;
  conversationIds: string[];
  directoryVersion: number;
}

/** The place of a status among those of one user. */
interface Versioned {
  epoch: number;
  version: number;
}

/**
 * Maps a cause or an availability of a later release to the default of this one, and fills in what an earlier one did
 * not write, so that the status is shown all the same (CONTRACT 4). The same value where there is nothing of the kind.
 */
export function inKnownValues(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { cause, availability, displayName, statusExpiresAt } = value as Partial<
    Record<keyof StatusMessage, unknown>
  >;
  const isUnknown = (known: readonly unknown[], given: unknown) =>
    typeof given === "string" && !known.includes(given);
  const hasCause = !isUnknown(CAUSES, cause);
  const hasAvailability = !isUnknown(PUBLIC_AVAILABILITIES, availability);
  // An earlier release writes no names to display and no ends.
  const isWhole = displayName !== undefined && statusExpiresAt !== undefined;
  if (hasCause && hasAvailability && isWhole) return value;
  return {
    ...value,
    ...(isWhole ? {} : { displayName: displayName ?? null, statusExpiresAt: statusExpiresAt ?? null }),
    ...(hasCause ? {} : { cause: "manual" }),
    ...(hasAvailability ? {} : { availability: "available" }),
  };
}

/** Orders two statuses of one user: positive when `a` is the newer one. */
export function compareVersions(a: Versioned, b: Versioned): number {
  return a.epoch - b.epoch || a.version - b.version;
}

/**
 * - `change`: a newer status
 * - `repeat`: the same version again, with other news: it replaces the known one and changes nothing for viewers
 * - `person`: an older status with later news of the person, see {@link withPersonOf}
 */
type News = "change" | "repeat" | "person" | "nothing";

type Ranked = Versioned & Pick<StatusMessage, "directoryVersion">;

/**
 * What is new in a `given` status against the `known` one of the same user. `isLater`: whether the stream holds it after the
 * known one. Where that is known it decides between equal versions; elsewhere the directory's version does.
 */
export function newsIn(given: Ranked, known: Ranked, isLater?: boolean): News {
  const order = compareVersions(given, known);
  if (order > 0) return "change";
  const isDirectoryLater = given.directoryVersion > known.directoryVersion;
  if (isLater === false || !(isLater || isDirectoryLater)) return "nothing";
  if (order === 0) return "repeat";
  return isDirectoryLater ? "person" : "nothing";
}

/** The status with the person as `news` of the directory has them. */
export function withPersonOf(status: StatusMessage, news: StatusMessage): StatusMessage {
  const { username, displayName, isAnonymous, conversationIds, directoryVersion } = news;
  return { ...status, username, displayName, isAnonymous, conversationIds, directoryVersion };
}

/** How an unknown person, or one whom the viewer may not see, reads (CONTRACT 5). */
export function hiddenStatus(
  userId: string,
  username: string | null,
  isAnonymous = false,
  displayName: string | null = null,
): UserStatus {
  return {
    userId,
    username,
    displayName,
    isAnonymous,
    isOnline: false,
    availability: "available",
    statusText: null,
    statusExpiresAt: null,
    lastActiveAt: null,
    lastSeen: null,
    epoch: 0,
    version: 0,
    cause: "disconnect",
    at: null,
  };
}
