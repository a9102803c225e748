import { DEFAULT_LOCALE, type Locale, wordsOf } from "./locale.ts";
import { getUserStatus, hasLeft, type PresenceLike, toMillis } from "./status.ts";

const MINUTE_MS = 60_000;
const UNITS = [
  ["day", 24 * 60 * MINUTE_MS],
  ["hour", 60 * MINUTE_MS],
  ["minute", MINUTE_MS],
] as const;
const DATE_AFTER_MS = 7 * 24 * 60 * MINUTE_MS;

/**
 * When a person was last there, in words, at `now` (ms since 1970): the later of their last activity and their
 * last departure. Empty when neither is known, or both are hidden from this viewer, and when the time is still ahead.
 */
export function getLastSeenText(
  user: PresenceLike | null | undefined,
  now: number = Date.now(),
  { live = true, locale = DEFAULT_LOCALE }: { live?: boolean; locale?: Locale } = {},
): string {
  const { lastSeen: words } = wordsOf(locale);
  if (live && getUserStatus(user, now).status === "online") return words.now;
  return describeSeen(user, now, words, locale);
}

/**
 * A person's presence in one line, at `now` (ms since 1970): "Online", "Away", "Left 2 minutes ago" of who left within half
 * an hour, else "Last seen 3 hours ago", or "Offline" where that is not known (ADR 0026).
 */
export function getPresenceText(
  user: PresenceLike | null | undefined,
  now: number = Date.now(),
  { live = true, locale = DEFAULT_LOCALE }: { live?: boolean; locale?: Locale } = {},
): string {
  const { status, label } = getUserStatus(user, now, { live, locale });
  const { lastSeen, left } = wordsOf(locale);
  if (status === "offline") return describeSeen(user, now, lastSeen, locale) || label;
  if (status === "away" && live && left && hasLeft(user)) {
    return describeSeen(user, now, { ...lastSeen, ...left }, locale) || label;
  }
  return label;
}

type SeenWords = Pick<ReturnType<typeof wordsOf>["lastSeen"], "justNow" | "ago" | "on">;

function describeSeen(
  user: PresenceLike | null | undefined,
  now: number,
  words: SeenWords,
  locale: Locale,
): string {
  const seenAt = Math.max(toMillis(user?.lastSeen) ?? -1, toMillis(user?.lastActiveAt) ?? -1);
  const age = now - seenAt;
  // Below a minute it is the time that the news took.
  if (seenAt < 0 || age < -MINUTE_MS) return "";
  if (age < MINUTE_MS) return words.justNow;
  const { date, relative } = formats(locale);
  if (age >= DATE_AFTER_MS) return words.on(date.format(seenAt));
  const [unit, size] = UNITS.find(([, millis]) => age >= millis) ?? UNITS[2];
  return words.ago(relative.format(-Math.floor(age / size), unit));
}

interface Formats {
  date: Intl.DateTimeFormat;
  relative: Intl.RelativeTimeFormat;
}
/** Making one takes longer than formatting a thousand times. */
const made = new Map<string, Formats>();

function formats(locale: Locale): Formats {
  const found = made.get(locale) ?? makeFormats(locale);
  made.set(locale, found);
  return found;
}

function makeFormats(locale: Locale): Formats {
  try {
    return {
      date: new Intl.DateTimeFormat(locale, { dateStyle: "medium" }),
      // "always": "yesterday" would call 25 hours and 47 hours the same.
      relative: new Intl.RelativeTimeFormat(locale, { numeric: "always" }),
    };
  } catch {
    // A name that is no language tag.
    return makeFormats(DEFAULT_LOCALE);
  }
}
