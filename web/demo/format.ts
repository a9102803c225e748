import type { Language } from "./locale.ts";
import type { Texts } from "./texts.ts";

/** Dates and times as people in Great Britain and France write them. Times are ms since 1970. */

const REGION: Record<Language, string> = { en: "en-GB", fr: "fr-FR" };
const DAY_MS = 24 * 3_600_000;

/** "14:03" */
export const formatTime = (at: number, locale: Language): string =>
  new Date(at).toLocaleTimeString(REGION[locale], { timeStyle: "short" });

/** Date and time in full. */
export const formatMoment = (at: number, locale: Language): string =>
  new Date(at).toLocaleString(REGION[locale], { dateStyle: "full", timeStyle: "short" });

/** "14:03" today, else the day with it: "Tue 14:03" within a week, "3 Mar, 14:03" after or before. */
export function formatShortly(at: number, now: number, locale: Language): string {
  const time = formatTime(at, locale);
  if (dayOf(at) === dayOf(now)) return time;
  const isNear = Math.abs(at - now) < 6 * DAY_MS;
  const day = new Date(at).toLocaleDateString(
    REGION[locale],
    isNear ? { weekday: "short" } : { day: "numeric", month: "short" },
  );
  return `${day} ${time}`;
}

/** The heading of a day of messages. */
export function formatDay(
  at: number,
  now: number,
  { locale, texts }: { locale: Language; texts: Pick<Texts, "today" | "yesterday"> },
): string {
  const [day, today] = [new Date(at), new Date(now)];
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1).getTime();
  if (dayOf(at) === dayOf(now)) return texts.today;
  if (dayOf(at) === dayOf(yesterday)) return texts.yesterday;
  const isThisYear = day.getFullYear() === today.getFullYear();
  return day.toLocaleDateString(REGION[locale], {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(isThisYear ? {} : { year: "numeric" }),
  });
}

/** The day, where the viewer is, as a key. */
export function dayOf(at: number): string {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}
