import type { ActorEvent } from "./actor.ts";
import type { UserRecord } from "./record.ts";

/**
 * When the person was last active, as of this sign of life. A stored date ahead of the broker's was written by a clock
 * that was wrong, the broker's own before it was set right: it does not count.
 */
export function activityOf({ lastActiveAt }: UserRecord, event: ActorEvent): number {
  const active = event.date - (event.type === "connected" ? Math.floor(event.idleMs) : 0);
  return lastActiveAt === null || lastActiveAt > event.date ? active : Math.max(lastActiveAt, active);
}
