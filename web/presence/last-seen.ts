import { DEFAULT_LOCALE, LAST_SEEN_WORDS, type Locale } from "./locale.ts";
import { getUserStatus, type PresenceLike, toMillis } from "./status.ts";

const MINUTE_MS = 60_000;
const UNITS = [
  ["day", 24 * 60 * MINUTE_MS],
  ["hour", 60 * MINUTE_MS],
  ["minute", MINUTE_MS],
] as const;
const DATE_AFTER_MS = 7 * 24 * 60 * MINUTE_MS;

/**
 * When a person was last there, in words, at `now` (ms since 1970): the later of their last activity and their
 * last departure. Empty when neither is known, or both are hidden from this viewer.
 */
export function getLastSeenText(
  user: PresenceLike | null | undefined,
  now: number = Date.now(),
  { live = true, locale = DEFAULT_LOCALE }: { live?: boolean; locale?: Locale } = {},
): string {
  const words = LAST_SEEN_WORDS[locale];
  if (getUserStatus(user, now, { live }).status === "online") return words.now;
  const seenAt = Math.max(toMillis(user?.lastSeen) ?? -1, toMillis(user?.lastActiveAt) ?? -1);
  if (seenAt < 0) return "";
  const age = now - seenAt;
  if (age < MINUTE_MS) return words.justNow;
  if (age >= DATE_AFTER_MS) {
    return words.on(new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(seenAt));
  }
  const [unit, size] = UNITS.find(([, millis]) => age >= millis) ?? UNITS[2];
  // "always": "yesterday" would call 25 hours and 47 hours the same.
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  return words.ago(relative.format(-Math.floor(age / size), unit));
}
