import type { Layers } from "@meeshy/shared/availability-layers";
import type { Position } from "@meeshy/shared/events";
import type { Availability, Cause, LifecycleState, PublicAvailability } from "@meeshy/shared/status";
import { nextEndOf, strongestOf } from "./layers.ts";
import { nextSessionEnd } from "./sessions.ts";

/** One user's actor state: everything that is written down, nothing that can be derived. Deadlines are partition time, dates the broker's; ms. */

export type { LifecycleState };

/** Why a zombie is one, and the cause that is published if it goes offline. */
export type ZombieCause = Extract<Cause, "connection-lost" | "idle" | "gateway-lost">;

export interface Connection {
  id: string;
  gatewayId: string;
  device: string | null;
  since: number;
  /** it was opened without a sign of life, and none has come over it: it does not keep its person online */
  passive?: boolean | undefined;
}

export interface Person {
  username: string | null;
  /** absent in records of earlier releases */
  displayName?: string | null | undefined;
  isAnonymous: boolean;
  conversationIds: string[];
}

/** What viewers were last shown. It changes only with a public change, so it stays while a user is invisible. */
export interface Shown {
  isOnline: boolean;
  availability: PublicAvailability;
  statusText: string | null;
  /** when that ends by itself; absent: it does not */
  expiresAt?: number | undefined;
  /** log sequence of the service's claim that says so; absent: the person's own choice, or none */
  claim?: number | undefined;
  lastActiveAt: number | null;
  lastSeen: number | null;
  epoch: number;
  version: number;
  cause: Cause;
  at: number | null;
}

/**
 * How far the availability of a record is the person's own: `known`; `as-shown`, what viewers saw last, while the
 * database could not be read; `unknown`, a default that is neither shown nor stored.
 */
export const STORED = ["known", "as-shown", "unknown"] as const;

/** The position of the last order to close every connection: an administrator's, or the account's deletion; `until`: kept until then, partition time. */
interface ClosedUpTo extends Position {
  until: number;
}

/** What a service says of a user without a socket; `until`, partition time: unless it is renewed. */
export interface Session {
  id: string;
  device: string | null;
  since: number;
  until: number;
  keepOnline: boolean;
}

/** Connections that a gateway's end took away: as many new ones, until then (partition time), are their clients' own return. */
interface Returning {
  count: number;
  until: number;
}

export interface UserRecord {
  userId: string;
  state: LifecycleState;
  /** log sequence of the last event that changed this record: an event at or below it has been seen */
  seq: number;
  /** partition time of that event; the actor's time never goes back */
  now: number;
  /** null until an event has brought a profile: such a user cannot be shown */
  person: Person | null;
  /** log sequence of the directory's last news of this user; 0: none in this record's life */
  directoryVersion: number;
  /** the open ones, oldest first; an array, since objects keyed by id are of a hidden class each, 300 B a user */
  connections: readonly Connection[];
  /** when the present state times out; null in `offline` */
  deadline: number | null;
  zombieCause: ZombieCause | null;
  lastActiveAt: number | null;
  lastSeen: number | null;
  availability: Availability;
  statusText: string | null;
  availabilityExpiresAt: number | null;
  /** all layers, where the person's own strongest choice above does not say everything; see `layers.ts` */
  layers?: Layers | undefined;
  stored: (typeof STORED)[number];
  /** null until something was shown in this record's life */
  shown: Shown | null;
  /** date at which status and record were last written anew without a change */
  renewedAt: number | null;
  /** no connection that the log had before is accepted again; absent in most records, where it costs no memory */
  closedUpTo?: ClosedUpTo | undefined;
  /** oldest first; absent: none */
  sessions?: readonly Session[] | undefined;
  /**
   * when the person was last active, partition time, which no jump of a clock moves; absent where only the date is
   * known, and while online, where the deadline says it unless a session keeps the person online
   */
  activeAt?: number | undefined;
  returning?: Returning | undefined;
}

/** A user of whom nothing is known yet. */
export function emptyRecord(userId: string): UserRecord {
  return {
    userId,
    state: "offline",
    seq: 0,
    now: 0,
    person: null,
    directoryVersion: 0,
    connections: [],
    deadline: null,
    zombieCause: null,
    lastActiveAt: null,
    lastSeen: null,
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
    stored: "known",
    shown: null,
    renewedAt: null,
  };
}

/**
 * A record of a lost log at log position `seq` of the epoch that follows. What it shows is published again: the last
 * events of the lost log may have been published already, and their statuses would win against it as newer.
 * An order of a greater epoch, where the number went down, cannot be compared with positions of this one: it is dropped.
 */
export function intoEpoch(record: UserRecord, { epoch, seq }: { epoch: number; seq: number }): UserRecord {
  const shown = record.shown && { ...record.shown, epoch, version: Math.max(1, seq) };
  const entered = { ...record, seq: 0, shown };
  return (entered.closedUpTo?.epoch ?? 0) > epoch ? { ...entered, closedUpTo: undefined } : entered;
}

/** Whether viewers must see nothing of the user: by choice, or since the choice is not known. */
export function isHidden(record: UserRecord): boolean {
  if (record.stored === "unknown") return true;
  const { availability } = record.layers ? strongestOf(record) : record;
  return availability === "invisible";
}

/** The next date at which something that is chosen, or shown of a hidden user, ends by itself; Infinity: never. */
export function nextEnd(record: UserRecord): number {
  const chosen = nextEndOf(record);
  const shown = record.shown?.expiresAt;
  return shown !== undefined && shown < chosen && isHidden(record) ? shown : chosen;
}

/**
 * The next moment at which a timeout would change the record, partition time; null: never.
 * `offset`: broker time − partition time, ms.
 */
export function nextDeadline(record: UserRecord, offset: number): number | null {
  const { deadline, closedUpTo, returning } = record;
  const end = nextEnd(record);
  const isPlain = closedUpTo === undefined && returning === undefined && record.sessions === undefined;
  if (end === Number.POSITIVE_INFINITY && isPlain) return deadline;
  return Math.min(
    deadline ?? Number.POSITIVE_INFINITY,
    end - offset,
    nextSessionEnd(record),
    closedUpTo?.until ?? Number.POSITIVE_INFINITY,
    returning?.until ?? Number.POSITIVE_INFINITY,
  );
}

/**
 * Whether the record holds anything that the database does not: an idle offline user without a socket needs none.
 * An invisible user's is kept all the same: a database that is away when they return must not reveal them. So is that of
 * a user who was disconnected by an administrator or deleted: a gateway that was out of touch may announce the closed sockets again,
 * and that of a user whose clients are expected back from a gateway that has ended.
 */
export function isRetained(record: UserRecord): boolean {
  return (
    record.state !== "offline" ||
    record.availability === "invisible" ||
    record.connections.length > 0 ||
    record.availabilityExpiresAt !== null ||
    record.layers !== undefined ||
    record.sessions !== undefined ||
    record.closedUpTo !== undefined ||
    record.returning !== undefined
  );
}

/**
 * Whether status and record have to be written anew, lest the broker forget them as too old. `date`: the broker's time
 * now; `offset`: that less partition time, ms.
 */
export function isRenewalDue(
  record: UserRecord,
  renewAfterMs: number,
  date: number,
  offset: number,
): boolean {
  const writtenAt = Math.max(record.renewedAt ?? 0, record.shown?.at ?? record.now + offset);
  // Written in the future: the broker's clock was put back.
  return Math.abs(date - writtenAt) >= renewAfterMs;
}
