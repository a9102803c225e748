import { z } from "zod";

/** Public shapes of a person's presence (CONTRACT 4). */

export const PUBLIC_AVAILABILITIES = ["available", "busy", "dnd"] as const;
export const AVAILABILITIES = [...PUBLIC_AVAILABILITIES, "invisible"] as const;
export type PublicAvailability = (typeof PUBLIC_AVAILABILITIES)[number];
export type Availability = (typeof AVAILABILITIES)[number];

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
export type Cause = (typeof CAUSES)[number];

export const STATUS_TEXT_MAX = 140;

const isoTime = z.iso.datetime();

export const userStatusSchema = z.object({
  userId: z.string(),
  username: z.string().nullable(),
  isAnonymous: z.boolean(),
  isOnline: z.boolean(),
  availability: z.enum(PUBLIC_AVAILABILITIES),
  statusText: z.string().nullable(),
  lastActiveAt: isoTime.nullable(),
  lastSeen: isoTime.nullable(),
  epoch: z.int().nonnegative(),
  version: z.int().nonnegative(),
  cause: z.enum(CAUSES),
  at: isoTime.nullable(),
});

/**
 * One person's presence. A status with a greater `(epoch, version)` replaces an older one;
 * `version` is the log sequence of the last public change, `at` the broker's time of it.
 */
export type UserStatus = z.infer<typeof userStatusSchema>;

export const statusMessageSchema = userStatusSchema.extend({
  /** version of this format: see `VERSIONS` */
  v: z.int().nonnegative().optional(),
  conversationIds: z.array(z.string()),
  directoryVersion: z.int().nonnegative(),
});

/** What is published on `presence.status.<userId>` (CONTRACT 7). */
export type StatusMessage = z.infer<typeof statusMessageSchema>;

/** Orders two statuses of one user: positive when `a` is the newer one. */
export function compareVersions(
  a: { epoch: number; version: number },
  b: { epoch: number; version: number },
): number {
  return a.epoch - b.epoch || a.version - b.version;
}

/** How an unknown person, or one whom the viewer may not see, reads (CONTRACT 5). */
export function hiddenStatus(userId: string, username: string | null, isAnonymous = false): UserStatus {
  return {
    userId,
    username,
    isAnonymous,
    isOnline: false,
    availability: "available",
    statusText: null,
    lastActiveAt: null,
    lastSeen: null,
    epoch: 0,
    version: 0,
    cause: "disconnect",
    at: null,
  };
}
