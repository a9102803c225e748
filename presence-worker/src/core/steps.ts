import type { Layers } from "@meeshy/shared/availability-layers";
import { withChoice, withClaim, withoutEnded } from "@meeshy/shared/layer-precedence";
import { assertEvent } from "xstate";
import { activeAtOf, activeDateOf, activityOf, idlenessOf } from "./activity.ts";
import { type ActorEvent, actorTime, happenedAt, isPast, type Rules } from "./actor.ts";
import { applyProfile, learnStored } from "./apply-profile.ts";
import { doubtCause } from "./causes.ts";
import { connectionsAfter } from "./connections.ts";
import { layersOf, nextEndOf, strongestOf, withLayers } from "./layers.ts";
import { LOST_MEMORY_MS } from "./publishers.ts";
import { emptyRecord, type Session, type UserRecord } from "./record.ts";
import { returningAfter } from "./returning.ts";
import { isKept, keptOnlineUntil, sessionsAfter } from "./sessions.ts";

/** As long as a lost gateway is remembered: what is announced later than that comes from no gateway that was out of touch. */
export const ORDER_KEPT_MS = LOST_MEMORY_MS;

type Step = (before: UserRecord, event: ActorEvent, at: number) => UserRecord;

/** What each transition does to the record. A step decides no status: states and guards have chosen it. */
export function createSteps(rules: Rules) {
  /** The record with the connections and sessions after an event, and what clients are expected to do. */
  const withConnections = (record: UserRecord, event: ActorEvent): UserRecord => {
    const connections = connectionsAfter(record.connections, event, rules);
    const changed = connections === record.connections ? record : { ...record, connections };
    const sessions = sessionsAfter(record, event);
    return withSessions(withReturning(changed, returningAfter(record, event, connections)), sessions);
  };

  // One copy of the record for most signs of life: this step is taken for each.
  const goOnline: Step = (before, event, at) => {
    const record = applyProfile(before, event);
    const connections = connectionsAfter(record.connections, event, rules);
    const sessions = sessionsAfter(record, event);
    const idleMs = idlenessOf(record, event, rules);
    const online: UserRecord = {
      ...record,
      state: "online",
      connections,
      deadline: idleDeadline(at - idleMs, sessions),
      zombieCause: null,
      lastActiveAt: activeDateOf(record, event, idleMs),
    };
    const counted = withReturning(online, returningAfter(record, event, connections));
    return withActiveAt(withSessions(counted, sessions), isKept(sessions) ? at - idleMs : undefined);
  };

  /** Online until nothing was done for the threshold, or for as long as a session keeps the user there. */
  const idleDeadline = (activeAt: number, sessions: readonly Session[]): number =>
    Math.max(activeAt + rules.offlineThresholdMs, keptOnlineUntil(sessions));

  const changeSessions: Step = (before, event) => {
    const sessions = sessionsAfter(before, event);
    const record = withSessions(applyProfile(before, event), sessions);
    const activeAt = activeAtOf(before, rules);
    if (before.state !== "online" || activeAt === undefined || record.sessions === before.sessions)
      return record;
    const changed = { ...record, deadline: idleDeadline(activeAt, sessions) };
    return withActiveAt(changed, isKept(sessions) ? activeAt : undefined);
  };

  const goZombie: Step = (before, event, at) => ({
    ...withActiveAt(withConnections(expire(before, event), event), activeAtOf(before, rules)),
    state: "zombie",
    deadline: at + rules.graceMs,
    zombieCause: doubtCause(event),
  });

  const goOffline: Step = (before, event, at) => ({
    ...withActiveAt(withConnections(expire(before, event), event), activeAtOf(before, rules)),
    state: "offline",
    deadline: null,
    zombieCause: null,
    lastSeen: departureDate(before, event, at),
  });

  const closeAll: Step = (before, event, at) => ({
    ...(before.state === "offline" ? changeConnections : goOffline)(before, event, at),
    closedUpTo: upTo(event, at),
  });

  /** A zombie that loses its last connection is not given more time than it had. */
  const shortenGrace: Step = (before, event, at) => ({
    ...withConnections(before, event),
    deadline: Math.min(before.deadline ?? Number.POSITIVE_INFINITY, at + rules.graceMs),
  });

  const addConnection: Step = (before, event) => withConnections(applyProfile(before, event), event);

  const changeConnections: Step = (before, event) => withConnections(learnStored(before, event), event);

  const noteActivity: Step = (before, event, at) => {
    const record = { ...before, lastActiveAt: activityOf(before, event) };
    if (before.state === "online") return record;
    return withActiveAt(record, at - idlenessOf(before, event, rules));
  };

  return {
    goOnline,
    goZombie,
    goOffline,
    shortenGrace,
    changeSessions,
    addConnection,
    changeConnections,
    noteActivity,
    expire,
    closeAll,
    setAvailability,
    readDirectory,
    erase,
    correctStaleOnline,
  };
}

/** What the person chooses is known from then on; what a service says of them tells nothing of that. */
const setAvailability: Step = (before, event) => {
  assertEvent(event, ["availability", "timed-end", "claim"]);
  const record = applyProfile(before, event);
  const layered = withLayers(record, chosenLayers(record, event));
  const isChoice = event.type === "availability" && !isOverAlready(event);
  return leavingUnseen(before, event, isChoice ? { ...layered, stored: "known" } : layered);
};

/** The version is a log position, as the public one is: it rises over every record that the user ever has. */
const readDirectory: Step = (before, event) => ({
  ...applyProfile(before, event),
  directoryVersion: Math.max(event.seq, before.directoryVersion + 1),
});

/**
 * What is left shows viewers a user without a name and conversations, and is kept as long as the order. A
 * person who is made anew under the id has chosen nothing that is known here.
 */
const erase: Step = (before, event, at) => ({
  ...emptyRecord(before.userId),
  person: {
    username: null,
    displayName: null,
    isAnonymous: before.person?.isAnonymous ?? false,
    conversationIds: [],
  },
  directoryVersion: Math.max(event.seq, before.directoryVersion + 1),
  stored: "unknown",
  closedUpTo: upTo(event, at),
});

/** The database holds the user online and this record never showed anything: viewers may have read that row. */
const correctStaleOnline: Step = (before, event) => ({
  ...applyProfile(before, event),
  lastSeen: event.date,
});

/**
 * When the person left: when the socket closed or the session ended, which may have waited to be written. What has come
 * into the log of the person since, such as an activity or the end of another connection, shows that they were there.
 */
function departureDate(before: UserRecord, event: ActorEvent, at: number): number {
  if (event.type !== "disconnected" && event.type !== "session") return event.date;
  return Math.max(happenedAt(event), event.date - (at - before.now));
}

/** An order holds for every connection that the log had before, one that is announced again later included. */
const upTo = ({ epoch, seq }: ActorEvent, at: number) => ({ epoch, seq, until: at + ORDER_KEPT_MS });

/**
 * What has run out: an availability, of which the end is a date, the memory of an order to close everything, and the
 * time in which clients return. Only a look at the time ends them.
 */
function expire(before: UserRecord, event: ActorEvent): UserRecord {
  if (event.type !== "timeout" && event.type !== "look") return before;
  const at = actorTime(before, event);
  const isForgotten = isPast(before.closedUpTo?.until ?? null, at);
  const remembered = isForgotten ? { ...before, closedUpTo: undefined } : before;
  const isOver = isPast(remembered.returning?.until ?? null, at);
  const waited = isOver ? { ...remembered, returning: undefined } : remembered;
  const record = withSessions(waited, sessionsAfter(before, event));
  if (!isPast(nextEndOf(record), event.date)) return record;
  return leavingUnseen(before, event, withLayers(record, withoutEnded(layersOf(record), event.date)));
}

/** When the person was last active is known by the deadline while they are online, and written down when that ends. */
function withActiveAt(record: UserRecord, activeAt: number | undefined): UserRecord {
  return activeAt === record.activeAt ? record : { ...record, activeAt };
}

function withReturning(record: UserRecord, returning: UserRecord["returning"]): UserRecord {
  return returning === record.returning ? record : { ...record, returning };
}

/** The record with these sessions; the very same one if it has them. */
function withSessions(record: UserRecord, sessions: readonly Session[]): UserRecord {
  const isSame = sessions.length === 0 ? record.sessions === undefined : record.sessions === sessions;
  return isSame ? record : { ...record, sessions: sessions.length === 0 ? undefined : sessions };
}

/** Who becomes invisible is seen leaving now. */
function leavingUnseen(before: UserRecord, event: ActorEvent, after: UserRecord): UserRecord {
  const isLeaving = before.shown?.isOnline === true && strongestOf(after).availability === "invisible";
  return isLeaving ? { ...after, lastSeen: event.date } : after;
}

type Chosen = Extract<ActorEvent, { type: "availability" | "timed-end" | "claim" }>;

function chosenLayers(record: UserRecord, event: Chosen): Layers {
  const layers = withoutEnded(layersOf(record), event.date);
  if (event.type === "timed-end") return { ...layers, timed: null };
  const isOver = isOverAlready(event);
  const { statusText, expiresAt } = event;
  if (event.type === "availability") {
    if (isOver) return { ...layers, timed: null };
    return withChoice(layers, { availability: event.availability, statusText }, expiresAt);
  }
  const { source, availability, seq } = event;
  const isNone = availability === null || isOver;
  return withClaim(layers, source, isNone ? null : { source, availability, statusText, expiresAt, seq });
}

/** It came into the log after its end: it has taken the place of the choice before, and has ended. */
const isOverAlready = (event: Chosen): boolean =>
  event.type !== "timed-end" && isPast(event.expiresAt, event.date);
