import type { UserStatus } from "@meeshy/shared/status";

/** A person's status for tests: online at version 1 by default. */
export function buildStatus(userId: string, part: Partial<UserStatus> = {}): UserStatus {
  return {
    userId,
    username: userId,
    displayName: null,
    isAnonymous: false,
    isOnline: true,
    availability: "available",
    statusText: null,
    statusExpiresAt: null,
    lastActiveAt: "2026-01-01T12:00:00.000Z",
    lastSeen: null,
    epoch: 1,
    version: 1,
    cause: "connect",
    at: "2026-01-01T12:00:00.000Z",
    ...part,
  };
}
