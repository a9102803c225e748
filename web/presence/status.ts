import { DEFAULT_LOCALE, type Locale, type Status, wordsOf } from "./locale.ts";

/** What a person's dot shows (CONTRACT 10). */

const ONLINE_WITHIN_MS = 5 * 60_000;
const AWAY_WITHIN_MS = 30 * 60_000;

/** The colour of each status. */
export const STATUS_COLORS = { online: "#10b981", away: "#f59e0b", offline: "#6b7280" } as const;

/** The part of a `UserStatus` that decides; times as ISO-8601, ms since 1970, or `Date`. */
export interface PresenceLike {
  isOnline?: boolean | null | undefined;
  lastActiveAt?: string | number | Date | null | undefined;
  lastSeen?: string | number | Date | null | undefined;
  /** why the status is what it is; absent: not known */
  cause?: string | null | undefined;
}

/** How a status is shown. */
export interface StatusView {
  status: Status;
  /** of the status; grey while it may be old */
  color: (typeof STATUS_COLORS)[Status];
  label: string;
}

export interface StatusOptions {
  /** Whether `isOnline` comes from a live feed; with a stale one only `lastActiveAt` is believed. */
  live?: boolean;
  locale?: Locale;
}

/**
 * How a person is shown at `now` (ms since 1970). Who left within half an hour has the colour of who is away, and the
 * label says that they left, where the `cause` is known. An unknown person reads as offline. Who was active at a time that is
 * still ahead is away: the time is wrong somewhere, and proves nothing.
 */
export function getUserStatus(
  user: PresenceLike | null | undefined,
  now: number = Date.now(),
  { live = true, locale = DEFAULT_LOCALE }: StatusOptions = {},
): StatusView {
  const status = decideStatus(user ?? {}, now, live);
  const color = STATUS_COLORS[live ? status : "offline"];
  const words = wordsOf(locale);
  const label = live && status === "away" && hasLeft(user) ? words.left?.label : undefined;
  return { status, color, label: label ?? words.status[status] };
}

/** Causes of those who closed the page or lost the connection; who did nothing for a while (`idle`) has not left. */
const LEAVING: readonly unknown[] = ["disconnect", "connection-lost", "gateway-lost", "admin"];

/** Whether a person is offline because they left (ADR 0026). */
export const hasLeft = (user: PresenceLike | null | undefined): boolean =>
  user?.isOnline === false && LEAVING.includes(user.cause);

function decideStatus({ isOnline, lastActiveAt }: PresenceLike, now: number, live: boolean): Status {
  const activeAt = toMillis(lastActiveAt);
  if (activeAt === null) return isOnline ? "online" : "offline";
  if (live && isOnline === true) return "online";
  const age = now - activeAt;
  const mayBeOnline = age >= 0 && !(live && isOnline === false);
  if (mayBeOnline && age < ONLINE_WITHIN_MS) return "online";
  return age < AWAY_WITHIN_MS ? "away" : "offline";
}

/** Ms since 1970, or null for what is no time. */
export function toMillis(time: string | number | Date | null | undefined): number | null {
  if (time === null || time === undefined) return null;
  const millis = new Date(time).getTime();
  return Number.isNaN(millis) ? null : millis;
}
