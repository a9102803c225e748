import type { Person } from "../world/people.ts";
import type { Profile } from "../world/profile.ts";
import type { World } from "../world/world.ts";

/** What is certain of a person at `now`, world time, whatever the service has decided. */

/** The person has an open socket and was active so lately that no clock can differ. */
export function isSurelyHere(person: Person, profile: Profile, now: number): boolean {
  const { openSince, lastActiveAt, isInvisible, account } = person;
  const mayIdle = profile.offlineThresholdMs - profile.activityThrottleMs - 2 * profile.tickMs;
  return (
    !isInvisible &&
    account.state === "active" &&
    openSince !== null &&
    now - openSince > profile.shownWithinMs &&
    now - lastActiveAt < mayIdle / 2 &&
    [...person.sessions].every(({ closeOrderedAt }) => closeOrderedAt === null)
  );
}

/** Yesterday's release took the default in a deleted account's record for the choice of who has its id next. */
export function isRevealedByEarlier({ isInvisible, account: { deletedAt } }: Person, world: World): boolean {
  return isInvisible && deletedAt !== undefined && world.hadEarlierWorker(deletedAt);
}

/** The person has been gone for longer than any grace or lease. */
export function isSurelyGone(
  { openSince, goneSince, isInvisible, account }: Person,
  profile: Profile,
  now: number,
): boolean {
  const patience = 3 * profile.gatewayLeaseMs + profile.graceMs + 4 * profile.tickMs + 50_000;
  const isClosed = account.state !== "active" && account.acknowledgedAt !== null;
  return isInvisible || isClosed || (openSince === null && now - goneSince > patience);
}
