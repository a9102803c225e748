import { SESSION_TTL_MAX_S } from "@meeshy/shared/events";
import type { Rules } from "./actor.ts";
import type { UserRecord } from "./record.ts";
import { RETURN_WITHIN_MS } from "./returning.ts";
import { keptOnlineUntil } from "./sessions.ts";
import { ORDER_KEPT_MS } from "./steps.ts";

/**
 * The record of a user touched between a forward jump of the broker's clock and its discovery. A deadline that was set
 * before the jump lies within the longest wait from now on; one that was set in between lies behind it and is cut back.
 */
export function cutBackTimes(
  record: UserRecord,
  now: number,
  { offlineThresholdMs, graceMs }: Pick<Rules, "offlineThresholdMs" | "graceMs">,
): UserRecord {
  const { deadline, closedUpTo, activeAt, returning } = record;
  const sessions = record.sessions?.map((session) => ({
    ...session,
    until: Math.min(session.until, now + SESSION_TTL_MAX_S * 1_000),
  }));
  const longest = record.state === "online" ? offlineThresholdMs : graceMs;
  const latest = Math.max(now + longest, keptOnlineUntil(sessions));
  return {
    ...record,
    now,
    deadline: deadline && Math.min(deadline, latest),
    ...(sessions && { sessions }),
    ...(activeAt !== undefined && { activeAt: Math.min(activeAt, now) }),
    ...(returning && {
      returning: { ...returning, until: Math.min(returning.until, now + RETURN_WITHIN_MS) },
    }),
    ...(closedUpTo && {
      closedUpTo: { ...closedUpTo, until: Math.min(closedUpTo.until, now + ORDER_KEPT_MS) },
    }),
  };
}
