import type { Numbering, PartitionMessage, UserMessage } from "@meeshy/shared/events";
import { advance, advanceByTimeout, initialClock, type PartitionClock } from "./clock.ts";
import type { Effect } from "./effects.ts";
import { type Admission, createPublishers, type OutOfStep, type PublisherEntry } from "./publishers.ts";
import { emptyRecord, isRenewalDue, nextDeadline, type UserRecord } from "./record.ts";
import type { createTransition } from "./transition.ts";
import { createWheel, isDue, type Waiting } from "./wheel.ts";

/**
 * One partition's users and the order in which events reach them. Pure: time, numbers and epoch come
 * with the log's messages, so replaying the log gives the same records and the same versions.
 */

/** A message of the log, parsed; `time` is the broker's, ms. */
export type Inbound = { seq: number; time: number } & (
  | { userId: string; message: UserMessage }
  | { userId?: undefined; message: PartitionMessage }
  | Unreadable
);

/** A message whose event cannot be read: it takes its place in its publisher's order and does nothing else. */
export interface Unreadable {
  userId?: undefined;
  message: Numbering & { event: { type: "unreadable" } };
}

export interface Change {
  record: UserRecord;
  effects: readonly Effect[];
  traceparent: string | undefined;
}

export interface Applied {
  admission: Admission;
  changes: Change[];
  /** publishers to be informed that nothing more of theirs is accepted */
  outOfStep: readonly OutOfStep[];
  /** publishers that have long written nothing: those that have ended are to be forgotten */
  silent: readonly string[];
}

/** What a checkpoint says of the partition besides its records. */
export interface PartitionMemory {
  epoch: number;
  /** log sequence of the last message applied */
  seq: number;
  /** broker time of that message, by which it is known again, ms; null: none of this epoch was applied yet */
  time: number | null;
  clock: PartitionClock;
  publishers: Record<string, PublisherEntry>;
  /**
   * partition time after which connections of gateways unheard in this epoch are dropped;
   * "armed": counted from the first message of the epoch; null: no need
   */
  reconcileAt: number | "armed" | null;
}

export interface Partition {
  apply(inbound: Inbound): Applied;
  /**
   * Last values expire on the broker: what has not changed for long is written anew, with its old version. `date`: the
   * broker's time. No message of the log says so, since none may come while no sweeper is left: nothing is decided by it.
   */
  renew(date: number): Change[];
  get(userId: string): UserRecord | undefined;
  /** Of a user whose record the partition holds. */
  written(userId: string): Written | undefined;
  records(): UserRecord[];
  /** Forgets a user whose record says nothing that the database does not. */
  drop(userId: string): void;
  /** Forgets publishers that have ended, for certain. */
  forget(publishers: Iterable<string>): void;
  /** log sequence of the last message applied */
  seq(): number;
  memory(): PartitionMemory;
  counts(): { users: number; online: number; active: number };
}

/** Milliseconds. */
export interface PartitionRules {
  gatewayLeaseMs: number;
  /** age at which an unchanged status and record are written anew */
  renewAfterMs: number;
  /** the longest that someone is online, or a zombie, without another event */
  offlineThresholdMs: number;
  graceMs: number;
}

/**
 * Stream sequences of the last status and the last record that the broker has of a user; 0: none known. The host's,
 * who alone reads and changes them: tables of users of its own would take twice their room.
 */
export interface Written {
  statusSeq: number;
  recordSeq: number;
}

/** A user's record, and when the partition looks at it next. */
interface Seat extends Waiting<Seat>, Written {
  record: UserRecord;
}

const NONE: never[] = [];

export const initialMemory = (epoch: number): PartitionMemory => ({
  epoch,
  seq: 0,
  time: null,
  clock: initialClock(),
  publishers: {},
  reconcileAt: null,
});

export function createPartition(
  transition: ReturnType<typeof createTransition>,
  rules: PartitionRules,
  memory: PartitionMemory,
  loaded: Iterable<UserRecord>,
): Partition {
  const { gatewayLeaseMs, renewAfterMs } = rules;
  const { epoch } = memory;
  const clock = structuredClone(memory.clock);
  const publishers = createPublishers(memory.publishers);
  const seats = new Map<string, Seat>();
  const wheel = createWheel<Seat>();
  let { seq, time, reconcileAt } = memory;
  let online = 0;
  let active = 0;

  const count = (record: UserRecord | undefined, by: 1 | -1) => {
    if (record?.shown?.isOnline) online += by;
    if (record?.state === "online") active += by;
  };
  const keep = (record: UserRecord) => {
    const known = seats.get(record.userId);
    count(known?.record, -1);
    count(record, 1);
    const seat = known ?? { record, slot: null, previous: null, next: null, statusSeq: 0, recordSeq: 0 };
    if (known) known.record = record;
    else seats.set(record.userId, seat);
    schedule(seat);
  };
  const schedule = (seat: Seat) => {
    const deadline = nextDeadline(seat.record, clock.dates ?? clock.offset);
    if (deadline !== null) wheel.schedule(seat, deadline);
  };
  for (const record of loaded) keep(record);

  /** What was written down after this message has seen it already. */
  const hasSeen = (record: UserRecord) => record.seq >= seq;
  const step = (
    record: UserRecord,
    event: UserMessage["event"] | PartitionMessage["event"],
    traceparent: string | undefined,
    changes: Change[],
    now = clock.now,
  ) => {
    const next = transition(record, { ...event, seq, epoch, now, date: time ?? 0 });
    if (next.record === record && next.effects.length === 0) return;
    if (next.record !== record) keep(next.record);
    changes.push({ record: next.record, effects: next.effects, traceparent });
  };

  const loseGateways = (isLost: (gatewayId: string) => boolean, changes: Change[], silentMs = 0) => {
    for (const seat of seats.values()) {
      const { record } = seat;
      if (hasSeen(record)) continue;
      const lost = new Set(record.connections.map(({ gatewayId }) => gatewayId));
      for (const gatewayId of lost) {
        if (!isLost(gatewayId)) continue;
        const event = { type: "gateway-lost" as const, gatewayId, silentMs };
        step(seat.record, event, undefined, changes);
      }
    }
  };

  /** A new epoch began: gateways have announced themselves under new ids, whoever has not is gone. */
  const reconcile = (changes: Change[], proven: number) => {
    if (typeof reconcileAt !== "number" || proven < reconcileAt) return;
    reconcileAt = null;
    loseGateways((gatewayId) => !publishers.isKnown(gatewayId), changes, 2 * gatewayLeaseMs);
  };

  const lookAtDeadlines = (event: PartitionMessage["event"], changes: Change[], proven: number) => {
    for (const seat of wheel.take(proven)) {
      const deadline = nextDeadline(seat.record, clock.dates ?? clock.offset);
      if (deadline !== null && isDue(deadline, proven) && !hasSeen(seat.record))
        step(seat.record, event, undefined, changes, proven);
      schedule(seat);
    }
  };

  /** The broker's clock has jumped, maybe for a moment: what was set by it before that was found out is set right. */
  const correctTimes = (changes: Change[]) => {
    if (typeof reconcileAt === "number") reconcileAt = Math.min(reconcileAt, clock.now + 2 * gatewayLeaseMs);
    for (const seat of seats.values()) {
      const { record: before } = seat;
      if (before.now > clock.now && !hasSeen(before)) {
        const record = rebase(before, clock.now, rules);
        keep(record);
        changes.push({ record, effects: [], traceparent: undefined });
      }
      // Dates lie elsewhere in partition time now.
      schedule(seat);
    }
  };

  const applyToPartition = (
    { event }: PartitionMessage | Unreadable["message"],
    time: number,
    applied: Applied,
  ) => {
    const { changes } = applied;
    if (event.type === "unreadable") return;
    if (event.type === "gateway-lost") {
      publishers.markLost(event.gatewayId, clock.now);
      loseGateways((gatewayId) => gatewayId === event.gatewayId, changes);
      return;
    }
    if (advanceByTimeout(clock, time, event.sweeperId, event.elapsed)) correctTimes(changes);
    const proven = clock.proven ?? clock.now;
    reconcile(changes, proven);
    lookAtDeadlines(event, changes, proven);
    applied.outOfStep = publishers.outOfStep(proven);
    applied.silent = publishers.silent(proven);
  };

  return {
    apply(inbound) {
      seq = inbound.seq;
      time = inbound.time;
      if (inbound.message.event.type !== "timeout") advance(clock, inbound.time);
      if (reconcileAt === "armed") reconcileAt = clock.now + 2 * gatewayLeaseMs;
      const admission = publishers.admit(inbound.message, clock.now);
      const applied: Applied = { admission, changes: [], outOfStep: NONE, silent: NONE };
      if (admission !== "accepted") return applied;
      if (inbound.userId === undefined) applyToPartition(inbound.message, inbound.time, applied);
      else {
        const record = seats.get(inbound.userId)?.record ?? emptyRecord(inbound.userId);
        const { event, traceparent } = inbound.message;
        if (!hasSeen(record)) step(record, event, traceparent, applied.changes);
      }
      return applied;
    },
    renew(date) {
      const changes: Change[] = [];
      for (const { record } of seats.values()) {
        if (!isRenewalDue(record, renewAfterMs, date, clock.offset)) continue;
        const renewed = { ...record, renewedAt: date };
        keep(renewed);
        const effects: Effect[] = record.shown?.isOnline ? [{ type: "status" }] : [];
        changes.push({ record: renewed, effects, traceparent: undefined });
      }
      return changes;
    },
    get: (userId) => seats.get(userId)?.record,
    written: (userId) => seats.get(userId),
    records: () => [...seats.values()].map(({ record }) => record),
    drop(userId) {
      const seat = seats.get(userId);
      if (seat === undefined) return;
      count(seat.record, -1);
      wheel.forget(seat);
      seats.delete(userId);
    },
    forget: publishers.forget,
    seq: () => seq,
    memory: () => ({
      epoch,
      seq,
      time,
      clock: structuredClone(clock),
      publishers: publishers.entries(),
      reconcileAt,
    }),
    counts: () => ({ users: seats.size, online, active }),
  };
}

/**
 * The record of someone touched between a forward jump of the broker's clock and its discovery. A deadline that was set
 * before the jump lies within the longest wait from now on; one that was set in between lies behind it and is cut back.
 */
function rebase(
  record: UserRecord,
  now: number,
  { offlineThresholdMs, graceMs }: PartitionRules,
): UserRecord {
  const longest = record.state === "online" ? offlineThresholdMs : graceMs;
  return { ...record, now, deadline: record.deadline && Math.min(record.deadline, now + longest) };
}
