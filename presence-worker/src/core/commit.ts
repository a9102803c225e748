import { isPlain } from "@meeshy/shared/layer-precedence";
import type { Cause } from "@meeshy/shared/status";
import { type ActorContext, type ActorEvent, actorTime, isPast } from "./actor.ts";
import { applyProfile } from "./apply-profile.ts";
import { arrivalCause, departureCause, doubtCause } from "./causes.ts";
import { closeOrder } from "./connections.ts";
import type { Effect } from "./effects.ts";
import { strongestOf } from "./layers.ts";
import { type PublicState, toHiddenState, toPublicState, toRow } from "./projection.ts";
import { isHidden, type Shown, type UserRecord } from "./record.ts";

/**
 * Completes a step: stamps the changed record, moves what is shown if the public state changed, and
 * lists the effects. `stepped` differs from `before` by the step alone. Equal records: nothing happened.
 */
export function commit(before: UserRecord, event: ActorEvent, stepped: UserRecord): ActorContext {
  const after = withoutHiddenDates(before, event, stepped);
  const at = actorTime(before, event);
  const shown = decideShown(before, event, after);
  if (shown === before.shown && isSame(after, before)) return { record: before, effects: [] };

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
      connectionId: "connectionId" in event ? (event.connectionId ?? null) : null,
    });
  }
  const order = closeOrder(before.connections, record.connections, event);
  if (order) effects.push(order);
  if (hasSelfNews(before, record)) effects.push({ type: "self" });
  return { record, effects };
}

/**
 * What an invisible user does enters no date that anyone else can read. Leaving is not noted, and who becomes visible
 * again arrives as one who connects, or is as offline as they were when they became invisible.
 */
function withoutHiddenDates(before: UserRecord, event: ActorEvent, after: UserRecord): UserRecord {
  if (!isUnseen(before) || event.type === "deleted") return after;
  // What the database shows of them by mistake is corrected, and dated.
  const isCorrection = event.type === "look" && before.shown === null && before.state === "offline";
  const lastSeen = isCorrection ? after.lastSeen : before.lastSeen;
  if (isHidden(after)) return lastSeen === after.lastSeen ? after : { ...after, lastSeen };
  const lastActiveAt = after.state === "offline" ? (before.shown?.lastActiveAt ?? null) : event.date;
  return { ...after, lastSeen, lastActiveAt };
}

/** Whether the user's own devices, if there are any, have something to learn. */
function hasSelfNews(before: UserRecord, after: UserRecord): boolean {
  if (after.connections.length === 0) return false;
  return (
    after.sessions !== before.sessions ||
    after.connections !== before.connections ||
    after.shown !== before.shown ||
    after.layers !== before.layers ||
    after.availability !== before.availability ||
    after.statusText !== before.statusText ||
    after.availabilityExpiresAt !== before.availabilityExpiresAt
  );
}

/**
 * A hidden user is shown leaving, once; from then on nothing that viewers see of them changes but what changes of one who
 * has left: a text that ends by itself, and a deletion.
 */
function decideShown(before: UserRecord, event: ActorEvent, after: UserRecord): Shown | null {
  const last: PublicState = before.shown ?? assumedPublicState(before, event);
  const isDeletion = event.type === "deleted";
  const publicState =
    isHidden(after) && !isDeletion ? toHiddenState(last, after, isOver(last, event)) : toPublicState(after);
  // What viewers read of a hidden user is not in the row any more: it is published, as of their departure.
  const looksSame = isSamePublicState(publicState, last);
  const isOnlyInRow = looksSame && before.shown === null && isHidden(after) && !isPlain(publicState);
  const isUnchanged = looksSame && !isOnlyInRow;
  if (isUnchanged && !(isDeletion && hasDates(before.shown))) return before.shown;
  const { isOnline, availability, statusText, expiresAt, claim } = publicState;
  const cause =
    publicState.isOnline === last.isOnline ? "manual" : publicCause(before, event, after, publicState);
  const { lastActiveAt, lastSeen } =
    isUnseen(before) && isHidden(after) && before.shown ? before.shown : after;
  // No spread of the public state: its copy would have room for those three and need a second object for the others.
  return {
    isOnline,
    availability,
    statusText,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(claim === undefined ? {} : { claim }),
    lastActiveAt,
    lastSeen,
    epoch: event.epoch,
    version: event.seq,
    cause: isOnlyInRow ? "disconnect" : cause,
    at: isOnlyInRow ? lastSeen : event.date,
  };
}

/** Whether the look has ended by itself; only a look at the time ends it, as with one who has left. */
const isOver = ({ expiresAt }: PublicState, event: ActorEvent): boolean =>
  (event.type === "timeout" || event.type === "look") && isPast(expiresAt ?? null, event.date);

/** Invisible, and seen by viewers as one who has left. */
const isUnseen = (record: UserRecord): boolean =>
  strongestOf(record).availability === "invisible" && record.shown?.isOnline !== true;

const hasDates = (shown: Shown | null): boolean =>
  shown !== null && (shown.lastActiveAt !== null || shown.lastSeen !== null);

/** What viewers see of a user whom this record never showed: the stored status, offline unless a `look` found it online. */
function assumedPublicState(before: UserRecord, event: ActorEvent): PublicState {
  const publicState = toPublicState(applyProfile(before, event));
  return { ...publicState, isOnline: event.type === "look" && before.state === "offline" };
}

function publicCause(
  before: UserRecord,
  event: ActorEvent,
  after: UserRecord,
  publicState: PublicState,
): Cause {
  if (publicState.isOnline) return arrivalCause(event);
  return after.state === "offline" ? departureCause(before, event) : "disconnect";
}

function lifecycleCause(before: UserRecord, event: ActorEvent, after: UserRecord): Cause {
  if (after.state === "online") return arrivalCause(event);
  return after.state === "zombie" ? doubtCause(event) : departureCause(before, event);
}

function isSamePublicState(a: PublicState, b: PublicState): boolean {
  return (
    a.isOnline === b.isOnline &&
    a.availability === b.availability &&
    a.statusText === b.statusText &&
    a.expiresAt === b.expiresAt
  );
}

/** Whether `b` has the same value in each field of `a`. */
function isSame<T extends object>(a: T, b: T): boolean {
  for (const key in a) if (a[key] !== b[key]) return false;
  return true;
}
