import { type ActorEvent, actorTime, type Rules } from "./actor.ts";
import type { UserRecord } from "./record.ts";
import { isReturn } from "./returning.ts";

/** How long before the broker's time of the event the person was active, by it, ms. */
export const idleTimeOf = (event: ActorEvent): number =>
  event.type === "connected" || event.type === "activity" ? Math.floor(event.idleMs ?? 0) : 0;

/**
 * When the person was last active, as of this sign of life. A stored date ahead of the broker's was written by a clock
 * that was wrong, the broker's own before it was set right: it does not count.
 */
export function activityOf({ lastActiveAt }: UserRecord, event: ActorEvent): number {
  const active = event.date - idleTimeOf(event);
  return lastActiveAt === null || lastActiveAt > event.date ? active : Math.max(lastActiveAt, active);
}

/** Whether a connection was opened by its client alone, as it says or since a gateway of ours has ended. */
const isByItself = (record: UserRecord, event: ActorEvent): boolean =>
  event.type === "connected" && (event.resumed === true || isReturn(record, event));

/**
 * For how long the person has been idle as of this sign of life, ms: by the event, or by what is known of them, whichever
 * is less. What a gateway's end has brought back says nothing itself.
 */
export function idlenessOf(record: UserRecord, event: ActorEvent, rules: Rules): number {
  const byEvent = isReturn(record, event) ? Number.POSITIVE_INFINITY : idleTimeOf(event);
  return byEvent === 0 ? 0 : Math.min(byEvent, knownIdlenessOf(record, event, rules));
}

/** The date of the last activity with this sign of life. A connection that its client opened by itself moves none. */
export function activeDateOf(record: UserRecord, event: ActorEvent, idleMs: number): number {
  if (!isByItself(record, event)) return activityOf(record, event);
  const { lastActiveAt } = record;
  return lastActiveAt === null || lastActiveAt > event.date ? event.date - idleMs : lastActiveAt;
}

/** When the person was last active, partition time; `undefined`: only the date is known, or nothing. */
export function activeAtOf(
  { state, deadline, activeAt }: UserRecord,
  { offlineThresholdMs }: Rules,
): number | undefined {
  if (activeAt !== undefined) return activeAt;
  return state === "online" && deadline !== null ? deadline - offlineThresholdMs : undefined;
}

function knownIdlenessOf(record: UserRecord, event: ActorEvent, rules: Rules): number {
  const activeAt = activeAtOf(record, rules);
  if (activeAt !== undefined) return Math.max(0, actorTime(record, event) - activeAt);
  const { lastActiveAt } = record;
  if (lastActiveAt === null || lastActiveAt > event.date) return Number.POSITIVE_INFINITY;
  return event.date - lastActiveAt;
}
