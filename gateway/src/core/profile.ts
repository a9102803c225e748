import type { Profile } from "@meeshy/shared/events";
import { NOTHING_STORED, personOf } from "@meeshy/shared/person-profile";

/** The profile that a `connected` event carries, so that workers read no database on the hot path (ARCHITECTURE "gateway"). */

export interface ProfileSources {
  user: { username: string; displayName?: string | null; isAnonymous: boolean };
  conversationIds: readonly string[];
  /** the stored projection; `undefined`: there is none */
  stored: StoredPart | undefined;
}

export type StoredPart = Pick<
  Profile,
  "availability" | "statusText" | "availabilityExpiresAt" | "lastActiveAt" | "lastSeen"
>;

/** What viewers saw of a person last, if that says how the person wishes to be shown. */
export type LastShown = Pick<Profile, "availability" | "statusText"> | undefined;

/** What workers receive of a person. */
export function toProfile({ user, conversationIds, stored }: ProfileSources): Profile {
  return { ...personOf(user, conversationIds), ...storedPart(stored) };
}

/** The profile of a person whose stored part cannot be read now, so that workers take no default for a choice. */
export function withoutStored(profile: Profile, lastShown: LastShown): Profile {
  const { availability, statusText } = lastShown ?? NOTHING_STORED;
  const stored = lastShown ? "as-shown" : NOTHING_STORED.stored;
  return { ...profile, ...NOTHING_STORED, availability, statusText, stored };
}

/** The profile with what was read of the stored part since; `undefined`: there is none. */
export function withStored({ stored: _, ...profile }: Profile, read: StoredPart | undefined): Profile {
  return { ...profile, ...storedPart(read) };
}

const storedPart = (stored: StoredPart | undefined): StoredPart => ({
  availability: stored?.availability ?? "available",
  statusText: stored?.statusText ?? null,
  availabilityExpiresAt: stored?.availabilityExpiresAt ?? null,
  lastActiveAt: stored?.lastActiveAt ?? null,
  lastSeen: stored?.lastSeen ?? null,
});
