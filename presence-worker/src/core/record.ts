import type { Availability, Cause, PublicAvailability } from "@meeshy/shared/status";

/** One user's actor state: everything that is written down, nothing that can be derived. Deadlines are partition time, dates the broker's; ms. */

export type LifecycleState = "online" | "zombie" | "offline";

/** Why a zombie is one, and what is told if it goes offline. */
export type ZombieCause = Extract<Cause, "connection-lost" | "idle" | "gateway-lost">;

export interface Connection {
  id: string;
  gatewayId: string;
  device: string | null;
  since: number;
}

export interface Person {
  username: string | null;
  isAnonymous: boolean;
  conversationIds: string[];
}

/** What viewers were last told. It moves only with a public change, so it stands still while someone is invisible. */
export interface Shown {
  isOnline: boolean;
  availability: PublicAvailability;
  statusText: string | null;
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

export interface UserRecord {
  userId: string;
  state: LifecycleState;
  /** log sequence of the last event that changed this record: an event at or below it has been seen */
  seq: number;
  /** partition time of that event; the actor's time never goes back */
  now: number;
  /** null until an event has told who this is: such a user cannot be shown */
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
  stored: (typeof STORED)[number];
  /** null until something was shown in this record's life */
  shown: Shown | null;
  /** date at which status and record were last written anew without a change */
  renewedAt: number | null;
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
 * A record of a lost log at log position `seq` of the epoch that follows. What it shows is told anew: the last
 * events of the lost log may have been told already, and what was told of them would stand against it as newer.
 */
export function intoEpoch(record: UserRecord, { epoch, seq }: { epoch: number; seq: number }): UserRecord {
  const shown = record.shown && { ...record.shown, epoch, version: Math.max(1, seq) };
  return { ...record, seq: 0, shown };
}

/** Whether viewers must see nothing of the user: by choice, or since the choice is not known. */
export function isHidden({ availability, stored }: Pick<UserRecord, "availability" | "stored">): boolean {
  return availability === "invisible" || stored === "unknown";
}

/**
 * The next moment at which a timeout would change the record, partition time; null: never.
 * `offset`: broker time − partition time, ms.
 */
export function nextDeadline(record: UserRecord, offset: number): number | null {
  if (record.availabilityExpiresAt === null) return record.deadline;
  const expiry = record.availabilityExpiresAt - offset;
  return record.deadline === null ? expiry : Math.min(record.deadline, expiry);
}

/**
 * Whether the record says anything that the database does not: an idle offline user without a socket needs none.
 * Someone invisible is kept all the same: a database that is away when they return must not give them away.
 */
export function isRetained(record: UserRecord): boolean {
  return (
    record.state !== "offline" ||
    record.availability === "invisible" ||
    record.connections.length > 0 ||
    record.availabilityExpiresAt !== null
  );
}

/**
 * When status and record have to be written anew, lest the broker forget them as too old by its clock, partition time;
 * null: never, since the record is on its way out. `offset`: broker time − partition time, ms.
 */
export function nextRenewal(record: UserRecord, renewAfterMs: number, offset: number): number | null {
  if (!isRetained(record)) return null;
  const writtenAt = Math.max(record.renewedAt ?? 0, record.shown?.at ?? record.now + offset);
  return writtenAt - offset + renewAfterMs;
}
