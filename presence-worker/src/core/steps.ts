import { assertEvent } from "xstate";
import { type ActorEvent, isPast, type Rules } from "./actor.ts";
import { doubtCause } from "./causes.ts";
import { connectionsAfter } from "./connections.ts";
import { introduce, learnStored } from "./introduce.ts";
import { emptyRecord, type UserRecord } from "./record.ts";

type Step = (before: UserRecord, event: ActorEvent, at: number) => UserRecord;

/** What each transition does to the record. A step decides no status: states and guards have chosen it. */
export function createSteps(rules: Rules) {
  const connections = (record: UserRecord, event: ActorEvent, at: number) =>
    connectionsAfter(record.connections, event, at, rules);

  const goOnline: Step = (before, event, at) => {
    const record = introduce(before, event);
    const idleMs = event.type === "connected" ? Math.floor(event.idleMs) : 0;
    const lastActiveAt = Math.max(record.lastActiveAt ?? 0, at - idleMs);
    return {
      ...record,
      state: "online",
      connections: connections(record, event, at),
      deadline: lastActiveAt + rules.offlineThresholdMs,
      zombieCause: null,
      lastActiveAt,
    };
  };

  const goZombie: Step = (before, event, at) => ({
    ...expire(before, event, at),
    state: "zombie",
    connections: connections(before, event, at),
    deadline: at + rules.graceMs,
    zombieCause: doubtCause(event),
  });

  const goOffline: Step = (before, event, at) => ({
    ...expire(before, event, at),
    state: "offline",
    connections: connections(before, event, at),
    deadline: null,
    zombieCause: null,
    lastSeen: at,
  });

  /** A zombie that loses its last connection is not given more time than it had. */
  const hasten: Step = (before, event, at) => ({
    ...before,
    connections: connections(before, event, at),
    deadline: Math.min(before.deadline ?? Number.POSITIVE_INFINITY, at + rules.graceMs),
  });

  const addConnection: Step = (before, event, at) => {
    const record = introduce(before, event);
    return { ...record, connections: connections(record, event, at) };
  };

  const changeConnections: Step = (before, event, at) => ({
    ...learnStored(before, event),
    connections: connections(before, event, at),
  });

  const noteActivity: Step = (before, _event, at) => ({ ...before, lastActiveAt: at });

  const setAvailability: Step = (before, event, at) => {
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
      lastSeen: isLeaving ? at : record.lastSeen,
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
  const dispelGhost: Step = (before, event, at) => ({ ...introduce(before, event), lastSeen: at });

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

/** An availability that has run out; only a look at the time ends it. */
function expire(before: UserRecord, event: ActorEvent, at: number): UserRecord {
  const isLook = event.type === "timeout" || event.type === "look";
  if (!isLook || !isPast(before.availabilityExpiresAt, at)) return before;
  return { ...before, availability: "available", statusText: null, availabilityExpiresAt: null };
}
