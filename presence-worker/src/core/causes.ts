import { DISCONNECT_CLEAN } from "@meeshy/shared/events";
import type { Cause } from "@meeshy/shared/status";
import type { ActorEvent } from "./actor.ts";
import type { UserRecord, ZombieCause } from "./record.ts";

/** Why a status changed, told from the record before the event and the event. */

/** A goodbye leaves no doubt: no grace is given. */
export function isGoodbye(event: ActorEvent): boolean {
  return event.type === "disconnected" && DISCONNECT_CLEAN.some((reason) => reason === event.reason);
}

/** Why an event makes one doubt that the user is there. */
export function doubtCause(event: ActorEvent): ZombieCause {
  if (event.type === "disconnected") return "connection-lost";
  if (event.type === "gateway-lost") return "gateway-lost";
  return "idle";
}

/** Why a user comes online. */
export function arrivalCause(event: ActorEvent): Cause {
  return event.type === "activity" ? "activity" : "connect";
}

/** Why a user goes offline. A zombie goes for what made it one, unless it is sent off. */
export function departureCause(before: UserRecord, event: ActorEvent): Cause {
  if (event.type === "disconnect-all" || event.type === "deleted") return "admin";
  if (event.type === "disconnected" && isGoodbye(event))
    return event.reason === "admin" ? "admin" : "disconnect";
  return before.zombieCause ?? doubtCause(event);
}
