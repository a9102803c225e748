import { closeCause, isCleanClose } from "@meeshy/shared/close-reasons";
import type { Cause } from "@meeshy/shared/status";
import type { ActorEvent } from "./actor.ts";
import type { UserRecord, ZombieCause } from "./record.ts";
import { losesLastSession } from "./sessions.ts";

/** Why a status changed, derived from the record before the event and the event. */

/** After a clean close no grace is given. */
export function isGoodbye(event: ActorEvent): boolean {
  return event.type === "disconnected" && isCleanClose(event.reason);
}

/** Why an event makes a user a zombie. */
export function doubtCause(event: ActorEvent): ZombieCause {
  if (event.type === "disconnected") return "connection-lost";
  if (event.type === "gateway-lost") return "gateway-lost";
  return "idle";
}

/** Why a user comes online. */
export function arrivalCause(event: ActorEvent): Cause {
  return event.type === "activity" ? "activity" : "connect";
}

/** Why a user goes offline. A zombie goes for what made it one, unless it is disconnected or deleted. */
export function departureCause(before: UserRecord, event: ActorEvent): Cause {
  if (event.type === "disconnect-all" || event.type === "deleted") return "admin";
  if (event.type === "disconnected" && isGoodbye(event)) return closeCause(event.reason);
  if (event.type === "session") return "disconnect";
  if (before.state === "online" && losesLastSession(before, event)) return "connection-lost";
  return before.zombieCause ?? doubtCause(event);
}
