import type { UserStatus } from "@meeshy/shared/status";

let changes = 0;

/** A status as Meeshy's workers make it, so that all send as many bytes. */
export function statusOf(userId: string, isOnline: boolean): UserStatus {
  const now = new Date().toISOString();
  return {
    userId,
    username: userId,
    displayName: null,
    isAnonymous: false,
    isOnline,
    availability: "available",
    statusText: null,
    statusExpiresAt: null,
    lastActiveAt: now,
    lastSeen: now,
    epoch: 1,
    version: ++changes,
    cause: isOnline ? "connect" : "disconnect",
    at: now,
  };
}
