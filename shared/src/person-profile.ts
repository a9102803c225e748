import type { Profile } from "./events.ts";

/** The part of a profile that the directory decides, and no choice of the person: who they are, and where they belong. */
export type PersonProfile = Pick<Profile, "username" | "displayName" | "isAnonymous" | "conversationIds">;

type Named = Omit<PersonProfile, "conversationIds">;

/** Who a person is to others: every profile that is written has this part from here. */
export function personOf(user: Named, conversationIds: readonly string[]): PersonProfile {
  return {
    username: user.username,
    displayName: user.displayName ?? null,
    isAnonymous: user.isAnonymous,
    conversationIds: [...conversationIds],
  };
}

/** Whether two profiles describe a person alike: in whatever order conversations are, and whatever else they say. */
export function isSamePerson(a: PersonProfile, b: PersonProfile): boolean {
  const [one, other] = [personOf(a, []), personOf(b, [])];
  return (
    one.username === other.username &&
    one.displayName === other.displayName &&
    one.isAnonymous === other.isAnonymous &&
    new Set(a.conversationIds).symmetricDifference(new Set(b.conversationIds)).size === 0
  );
}

/** The stored part of a profile where nothing is known of it: a default that is neither shown nor stored. */
export const NOTHING_STORED = {
  availability: "available",
  statusText: null,
  availabilityExpiresAt: null,
  lastActiveAt: null,
  lastSeen: null,
  stored: "unknown",
} as const satisfies Partial<Profile>;
