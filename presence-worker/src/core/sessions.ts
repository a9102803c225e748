import { type ActorEvent, actorTime, happenedAt, isPast } from "./actor.ts";
import { isPresent } from "./connections.ts";
import type { Session, UserRecord } from "./record.ts";

/**
 * Presence without a socket (CONTRACT 7): a service keeps a user online for a time, which it renews, ends, or lets pass.
 * A session counts as an open connection. Opening one is a sign of life, renewing one is none.
 */

/** Most sessions of one user: another one ends the oldest. */
const SESSIONS_MAX = 16;

type Sessions = readonly Session[];
const NONE: Sessions = [];

/** The sessions after an event; the same array when it changes none. A look at the time ends those that are over. */
export function sessionsAfter(record: UserRecord, event: ActorEvent): Sessions {
  const sessions = record.sessions ?? NONE;
  const at = actorTime(record, event);
  switch (event.type) {
    case "session":
      return withSession(sessions, event, at);
    case "timeout":
    case "look":
      return sessions.some(({ until }) => isPast(until, at))
        ? sessions.filter(({ until }) => !isPast(until, at))
        : sessions;
    case "disconnect-all":
    case "deleted":
      return sessions.length === 0 ? sessions : NONE;
    default:
      return sessions;
  }
}

type SessionEvent = Extract<ActorEvent, { type: "session" }>;

function withSession(sessions: Sessions, event: SessionEvent, at: number): Sessions {
  const { sessionId: id, ttlS, device, keepOnline } = event;
  const known = sessions.find((session) => session.id === id);
  if (ttlS === 0) return known ? sessions.filter((session) => session !== known) : sessions;
  const until = at + ttlS * 1_000;
  const session = { id, device, since: known?.since ?? happenedAt(event), until, keepOnline };
  const isRepeat = known?.until === until && known.device === device && known.keepOnline === keepOnline;
  if (isRepeat) return sessions;
  if (known) return sessions.map((one) => (one === known ? session : one));
  return [...sessions.slice(1 - SESSIONS_MAX), session];
}

/** The next end of a session, partition time; Infinity: there is none. */
export const nextSessionEnd = ({ sessions }: Pick<UserRecord, "sessions">): number =>
  sessions ? Math.min(...sessions.map(({ until }) => until)) : Number.POSITIVE_INFINITY;

/** Until when sessions keep their user online whatever they do, partition time; -Infinity: they do not. */
export function keptOnlineUntil(sessions: UserRecord["sessions"]): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const { until, keepOnline } of sessions ?? NONE) if (keepOnline && until > latest) latest = until;
  return latest;
}

/** Whether one of the sessions keeps its user online. */
export const isKept = (sessions: Sessions): boolean => sessions.some(({ keepOnline }) => keepOnline);

/** Whether anything keeps the user connected. */
export const isConnected = (connections: UserRecord["connections"], sessions: Sessions): boolean =>
  sessions.length > 0 || connections.some(isPresent);

/** Whether the end of sessions by themselves leaves the user without a connection. */
export function losesLastSession(record: UserRecord, event: ActorEvent): boolean {
  if (event.type !== "timeout" && event.type !== "look") return false;
  const before = record.sessions ?? NONE;
  return before.length > 0 && !isConnected(record.connections, sessionsAfter(record, event));
}
