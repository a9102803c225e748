import { type ActorEvent, actorTime, isPast } from "./actor.ts";
import { isOpen, isPresent } from "./connections.ts";
import type { UserRecord } from "./record.ts";

/**
 * Clients of Socket.IO 3 do not say that they connect again by themselves. After the end of a gateway, as many new
 * connections as it took away are taken for such returns.
 */

/** For so long after a gateway's end a client's own attempts go on: they come every 7.5 s at the latest. */
export const RETURN_WITHIN_MS = 60_000;

/** Whether the connection is taken for the return of a client whose gateway has ended. */
export const isReturn = (record: UserRecord, event: ActorEvent): boolean =>
  isAwaited(record, event) && event.type === "connected" && event.again !== true;

/** Whether the connection takes the place of one that a gateway's end took away; a client may say that it does not. */
function isAwaited(record: UserRecord, event: ActorEvent): boolean {
  const { returning } = record;
  return (
    returning !== undefined &&
    event.type === "connected" &&
    event.passive !== true &&
    event.resumed !== false &&
    !isOpen(record.connections, event.connectionId) &&
    !isPast(returning.until, actorTime(record, event))
  );
}

/** The returns that are still expected after an event; `after`: the connections open then. */
export function returningAfter(
  before: UserRecord,
  event: ActorEvent,
  after: UserRecord["connections"],
): UserRecord["returning"] {
  const { connections, returning } = before;
  if (isAwaited(before, event) && returning)
    return returning.count > 1 ? { ...returning, count: returning.count - 1 } : undefined;
  if (event.type !== "disconnected" && event.type !== "gateway-lost") return returning;
  const lost = takenAway(event, connections.filter(isPresent).length, after.filter(isPresent).length);
  if (lost === 0) return returning;
  return { count: (returning?.count ?? 0) + lost, until: actorTime(before, event) + RETURN_WITHIN_MS };
}

/** How many clients have to connect again. A lost gateway is noticed late: who has connections has come back already. */
function takenAway(event: ActorEvent, open: number, remaining: number): number {
  if (event.type === "disconnected" && event.reason === "server shutting down") return open - remaining;
  return event.type === "gateway-lost" ? Math.max(0, open - 2 * remaining) : 0;
}
