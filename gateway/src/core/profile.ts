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

/** Room for the conversations of one profile: an event is at most 256 kB, of which these may take three quarters. */
const CONVERSATION_BYTES = 192 * 1024;
const utf8 = new TextEncoder();

/** What a worker is told of a person; the stored part is unknown where the database could not be read. */
export function toProfile({ user, conversationIds, stored }: ProfileSources): Profile {
  return {
    username: user.username,
    isAnonymous: user.isAnonymous,
    conversationIds: boundedIds(conversationIds),
    availability: stored?.availability ?? "available",
    statusText: stored?.statusText ?? null,
    availabilityExpiresAt: stored?.availabilityExpiresAt ?? null,
    lastActiveAt: stored?.lastActiveAt ?? null,
    lastSeen: stored?.lastSeen ?? null,
  };
}

function boundedIds(ids: readonly string[]): string[] {
  let bytes = 0;
  return ids.filter((id) => {
    bytes += utf8.encode(JSON.stringify(id)).length + 1;
    return bytes <= CONVERSATION_BYTES;
  });
}
