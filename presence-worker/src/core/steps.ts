import { assertEvent } from "xstate";
import { activityOf } from "./activity.ts";
import { type ActorEvent, isPast, type Rules } from "./actor.ts";
import { doubtCause } from "./causes.ts";
import { connectionsAfter } from "./connections.ts";
import { introduce, learnStored } from "./introduce.ts";
import { emptyRecord, type UserRecord } from "./record.ts";

type Step = (before: UserRecord, event: ActorEvent, at: number) => UserRecord;

/** What each transition does to the record. A step decides no status: states and guards have chosen it. */
export function createSteps(rules: Rules) {
  const connections = (record: UserRecord, event: ActorEvent) =>
    connectionsAfter(record.connections, event, rules);

  const goOnline: Step = (before, event, at) => {
    const record = introduce(before, event);
    const lastActiveAt = activityOf(record, event);
    const idleMs = event.date - lastActiveAt;
    const deadline = at - idleMs + rules.offlineThresholdMs;
    // Another connection may have shown activity since: dates, between which the broker's clock may have jumped, do not say.
    const earliest = idleMs > 0 && before.state === "online" ? (before.deadline ?? 0) : 0;
    return {
      ...record,
      state: "online",
      connections: connections(record, event),
      deadline: Math.max(earliest, deadline),
      zombieCause: null,
      lastActiveAt,
    };
  };

  const goZombie: Step = (before, event, at) => ({
    ...expire(before, event),
    state: "zombie",
    connections: connections(before, event),
    deadline: at + rules.graceMs,
    zombieCause: doubtCause(event),
  });

  const goOffline: Step = (before, event) => ({
    ...expire(before, event),
    state: "offline",
    connections: connections(before, event),
    deadline: null,
    zombieCause: null,
    lastSeen: event.date,
  });

  /** A zombie that loses its last connection is not given more time than it had. */
  const hasten: Step = (before, event, at) => ({
    ...before,
    connections: connections(before, event),
    deadline: Math.min(before.deadline ?? Number.POSITIVE_INFINITY, at + rules.graceMs),
  });

  const addConnection: Step = (before, event) => {
    const record = introduce(before, event);
    return { ...record, connections: connections(record, event) };
  };

  const changeConnections: Step = (before, event) => ({
    ...learnStored(before, event),
    connections: connections(before, event),
  });

  const noteActivity: Step = (before, event) => ({ ...before, lastActiveAt: event.date });

  const setAvailability: Step = (before, event) => {
    assertEvent(event, "availability");
    const { availability, statusText, expiresAt } = event;
    const record = introduce(before, event);
    const isLeaving = availability === "invisible" && before.shown?.isOnline === true;
    return {
      ...record,
      availability,
      statusText,
      availabilityExpiresAt: expiresAt,
      stored: "known",
      lastSeen: isLeaving ? event.date : record.lastSeen,
    };
  };

  /** The version is a log position, as the public one is: it rises over every record that the user ever has. */
  const readDirectory: Step = (before, event) => ({
    ...introduce(before, event),
    directoryVersion: Math.max(event.seq, before.directoryVersion + 1),
  });

  /** What is left says to the viewers that there is nobody, and is not kept. */
  const erase: Step = (before, event) => ({
    ...emptyRecord(before.userId),
    person: { username: null, isAnonymous: before.person?.isAnonymous ?? false, conversationIds: [] },
    directoryVersion: Math.max(event.seq, before.directoryVersion + 1),
  });

  /** The database knows the user online and this record never showed anything: its viewers may hold a ghost. */
  const dispelGhost: Step = (before, event) => ({ ...introduce(before, event), lastSeen: event.date });

  return {
    goOnline,
    goZombie,
    goOffline,
    hasten,
    addConnection,
    changeConnections,
    noteActivity,
    expireAvailability: expire,
    setAvailability,
    readDirectory,
    erase,
    dispelGhost,
  };
}

/** An availability that has run out; only a look at the time ends it. Its end is a date. */
function expire(before: UserRecord, event: ActorEvent): UserRecord {
  const isLook = event.type === "timeout" || event.type === "look";
  if (!isLook || !isPast(before.availabilityExpiresAt, event.date)) return before;
  return { ...before, availability: "available", statusText: null, availabilityExpiresAt: null };
}
