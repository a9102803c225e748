import type { Profile } from "@meeshy/shared/events";

/** The profile that a `connected` event carries, so that workers read no database on the hot path (DESIGN "gateway"). */

export interface ProfileSources {
  user: { username: string; isAnonymous: boolean };
  conversationIds: readonly string[];
  /** the stored projection; `undefined`: none, or not readable now */
  stored:
    | Pick<Profile, "availability" | "statusText" | "availabilityExpiresAt" | "lastActiveAt" | "lastSeen">
    | undefined;
}

/** What a worker is told of a person; the stored part is unknown where the database could not be read. */
export function toProfile({ user, conversationIds, stored }: ProfileSources): Profile {
  return {
    username: user.username,
    isAnonymous: user.isAnonymous,
    conversationIds: [...conversationIds],
    availability: stored?.availability ?? "available",
    statusText: stored?.statusText ?? null,
    availabilityExpiresAt: stored?.availabilityExpiresAt ?? null,
    lastActiveAt: stored?.lastActiveAt ?? null,
    lastSeen: stored?.lastSeen ?? null,
  };
}
