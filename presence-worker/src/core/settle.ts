import type { Cause } from "@meeshy/shared/status";
import { type ActorContext, type ActorEvent, actorTime } from "./actor.ts";
import { arrivalCause, departureCause, doubtCause } from "./causes.ts";
import { closeOrder } from "./connections.ts";
import type { Effect } from "./effects.ts";
import { introduce } from "./introduce.ts";
import { type PublicFace, toPublicFace, toRow } from "./projection.ts";
import { isHidden, type Shown, type UserRecord } from "./record.ts";

/**
 * Completes a step: stamps the changed record, moves what is shown if the public face changed, and
 * lists the effects. `after` differs from `before` by the step alone. Equal records: nothing happened.
 */
export function settle(before: UserRecord, event: ActorEvent, after: UserRecord): ActorContext {
  const at = actorTime(before, event);
  const shown = decideShown(before, event, after);
  if (shown === before.shown && isSame(before, after)) return { record: before, effects: [] };

  const record = { ...after, seq: event.seq, now: at, shown };
  const effects: Effect[] = [];
  const isErased = event.type === "deleted";
  if (shown !== before.shown || record.directoryVersion !== before.directoryVersion)
    effects.push({ type: "status" });
  if (isErased) effects.push({ type: "erase" });
  if (!isErased && !isSame(toRow(before), toRow(record))) effects.push({ type: "persist" });
  if (!isErased && record.state !== before.state) {
    effects.push({
      type: "transition",
      from: before.state,
      to: record.state,
      cause: lifecycleCause(before, event, record),
      version: event.seq,
      epoch: event.epoch,
      at: event.date,
      connectionId: "connectionId" in event ? event.connectionId : null,
    });
  }
  const order = closeOrder(before.connections, record.connections, event);
  if (order) effects.push(order);
  return { record, effects };
}

/** Someone hidden is shown leaving, once; from then on nothing about them moves. */
function decideShown(before: UserRecord, event: ActorEvent, after: UserRecord): Shown | null {
  const face = toPublicFace(after);
  const last = before.shown ?? believedFace(before, event);
  if ((isHidden(after) && !last.isOnline) || isSameFace(face, last)) return before.shown;
  const { isOnline, availability, statusText } = face;
  // No spread of the face: its copy would have room for those three and need a second object for the others.
  return {
    isOnline,
    availability,
    statusText,
    lastActiveAt: after.lastActiveAt,
    lastSeen: after.lastSeen,
    epoch: event.epoch,
    version: event.seq,
    cause: face.isOnline === last.isOnline ? "manual" : publicCause(before, event, after, face),
    at: event.date,
  };
}

/** What viewers believe of a user whom this record never showed: the stored status, offline unless someone saw a ghost. */
function believedFace(before: UserRecord, event: ActorEvent): PublicFace {
  const face = toPublicFace(introduce(before, event));
  return { ...face, isOnline: event.type === "look" && before.state === "offline" };
}

function publicCause(before: UserRecord, event: ActorEvent, after: UserRecord, face: PublicFace): Cause {
  if (face.isOnline) return arrivalCause(event);
  return after.state === "offline" ? departureCause(before, event) : "disconnect";
}

function lifecycleCause(before: UserRecord, event: ActorEvent, after: UserRecord): Cause {
  if (after.state === "online") return arrivalCause(event);
  return after.state === "zombie" ? doubtCause(event) : departureCause(before, event);
}

function isSameFace(a: PublicFace, b: PublicFace): boolean {
  return a.isOnline === b.isOnline && a.availability === b.availability && a.statusText === b.statusText;
}

function isSame<T extends object>(a: T, b: T): boolean {
  for (const key in a) if (a[key] !== b[key]) return false;
  return true;
}
