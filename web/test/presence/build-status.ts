import type { UserStatus } from "@meeshy/shared/status";

/** A person's status for tests: online at version 1 unless told otherwise. */
export function buildStatus(userId: string, part: Partial<UserStatus> = {}): UserStatus {
  return {
    userId,
    username: userId,
    isAnonymous: false,
    isOnline: true,
    availability: "available",
    statusText: null,
    lastActiveAt: "2026-01-01T12:00:00.000Z",
    lastSeen: null,
    epoch: 1,
    version: 1,
    cause: "connect",
    at: "2026-01-01T12:00:00.000Z",
    ...part,
  };
}
