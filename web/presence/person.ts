import type { PresenceClock } from "./clock.ts";
import { isFeedLive } from "./connection.ts";
import { getLastSeenText, getPresenceText } from "./last-seen.ts";
import type { Locale } from "./locale.ts";
import { getUserStatus, type PresenceLike, type StatusView } from "./status.ts";
import type { PresenceStore } from "./store.ts";
import type { UserStatus } from "./wire.ts";

/** How a person is shown. */
export interface PersonView extends StatusView {
  /** In words; empty: not known, or hidden from this viewer. */
  lastSeenText: string;
  /** In one line: "Online", "Away", "Left 2 minutes ago", "Last seen 3 hours ago". */
  text: string;
  /** It may be old: show it so, never as a confident "online". */
  stale: boolean;
}

/** A person's presence as it stands. */
export interface PersonPresence extends PersonView {
  /** What is known of the person; undefined for an unknown one. */
  user: UserStatus | undefined;
}

/** How this person is shown at `now`, ms since 1970. */
export function viewPerson(
  user: PresenceLike | null | undefined,
  now: number,
  live: boolean,
  locale: Locale,
): PersonView {
  return {
    ...getUserStatus(user, now, { live, locale }),
    lastSeenText: getLastSeenText(user, now, { live, locale }),
    text: getPresenceText(user, now, { live, locale }),
    stale: !live,
  };
}

/**
 * Gives the person's presence, and the same object again for as long as neither what is known nor a word has changed.
 */
export function createPersonReader(
  store: PresenceStore,
  clock: PresenceClock,
  userId: string,
  locale: Locale,
): () => PersonPresence {
  let last: PersonPresence | undefined;
  let [lastNow, lastLive] = [Number.NaN, false];
  return () => {
    const { users, connection } = store.getState();
    const user = users.get(userId);
    const live = isFeedLive(connection);
    const now = clock.now();
    if (last && now === lastNow && live === lastLive && user === last.user) return last;
    [lastNow, lastLive] = [now, live];
    const next = { user, ...viewPerson(user, now, live, locale) };
    if (
      last &&
      user === last.user &&
      next.status === last.status &&
      next.stale === last.stale &&
      next.lastSeenText === last.lastSeenText
    ) {
      return last;
    }
    last = next;
    return next;
  };
}
