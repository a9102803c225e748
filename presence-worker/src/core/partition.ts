import type { PartitionMessage, UserMessage } from "@meeshy/shared/events";
import { advance, advanceByTimeout, type PartitionClock } from "./clock.ts";
import { cutBackTimes } from "./cut-back-times.ts";
import type { Effect } from "./effects.ts";
import type { Inbound, Unreadable } from "./inbound.ts";
import type { PartitionMemory } from "./partition-memory.ts";
import { type Admission, createPublishers, type OutOfStep } from "./publishers.ts";
import { isRenewalDue, type UserRecord } from "./record.ts";
import { shiftTimes } from "./shift-times.ts";
import type { createTransition } from "./transition.ts";
import { UserTable, type Written } from "./user-table.ts";
import { isDue } from "./wheel.ts";

/**
 * One partition's users and the order in which events reach them. Pure: time, numbers and epoch come
 * with the log's messages, so replaying the log gives the same records and the same versions.
 */

export interface Change {
  record: UserRecord;
  effects: readonly Effect[];
  traceparent: string | undefined;
}

interface Applied {
  admission: Admission;
  changes: Change[];
  /** publishers to be informed that nothing more of theirs is accepted */
  outOfStep: readonly OutOfStep[];
  /** publishers that have long written nothing: those that have ended are to be forgotten */
  silent: readonly string[];
}

export interface Partition {
  apply(inbound: Inbound): Applied;
  /**
   * Last values expire on the broker: what has not changed for long is written anew, with its old version. `date`: the
   * broker's time. It comes from no message of the log, since none may come while no sweeper is left: nothing is decided by it.
   */
  renew(date: number): Change[];
  get(userId: string): UserRecord | undefined;
  /** Of a user whose record the partition holds. */
  written(userId: string): Written | undefined;
  records(): UserRecord[];
  /** Forgets a user whose record holds nothing that the database does not. */
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
  /** the longest time in which a user is online, or a zombie, without another event */
  offlineThresholdMs: number;
  graceMs: number;
}

const NONE: never[] = [];

/** The broker is to keep the status for longer than a day: the person is online, or has a text that is yet to end. */
const isStatusKept = (shown: UserRecord["shown"], date: number): boolean =>
  shown !== null && (shown.isOnline || (shown.expiresAt ?? 0) > date);

type Step = ReturnType<typeof createTransition>;
type Publishers = ReturnType<typeof createPublishers>;

export function createPartition(
  transition: Step,
  rules: PartitionRules,
  memory: PartitionMemory,
  loaded: Iterable<UserRecord>,
): Partition {
  return new EventOrder(transition, rules, memory, loaded);
}

class EventOrder implements Partition {
  readonly #transition: Step;
  readonly #rules: PartitionRules;
  readonly #epoch: number;
  readonly #clock: PartitionClock;
  readonly #publishers: Publishers;
  readonly #users: UserTable;
  #seq: number;
  #time: number | null;
  #reconcileAt: PartitionMemory["reconcileAt"];
  /** the records came without the clock by which they were written: it was lost with the leases */
  #isOfLostClock: boolean;

  constructor(
    transition: Step,
    rules: PartitionRules,
    memory: PartitionMemory,
    loaded: Iterable<UserRecord>,
  ) {
    const clock = structuredClone(memory.clock);
    this.#transition = transition;
    this.#rules = rules;
    this.#epoch = memory.epoch;
    this.#clock = clock;
    this.#publishers = createPublishers(memory.publishers);
    this.#users = new UserTable(() => clock.dates ?? clock.offset);
    this.#seq = memory.seq;
    this.#time = memory.time;
    this.#reconcileAt = memory.reconcileAt;
    this.#isOfLostClock = clock.now === 0 && clock.proven === undefined;
    for (const record of loaded) this.#users.keep(record);
  }

  apply(inbound: Inbound): Applied {
    this.#seq = inbound.seq;
    this.#time = inbound.time;
    if (inbound.message.event.type !== "timeout") advance(this.#clock, inbound.time);
    if (this.#reconcileAt === "armed") this.#reconcileAt = this.#clock.now + 2 * this.#rules.gatewayLeaseMs;
    const admission = this.#publishers.admit(inbound.message, this.#clock.now);
    const applied: Applied = { admission, changes: [], outOfStep: NONE, silent: NONE };
    if (inbound.message.event.type !== "timeout") this.#enterTime(applied.changes);
    if (admission !== "accepted") return applied;
    if (inbound.userId === undefined) this.#applyToPartition(inbound.message, inbound.time, applied);
    else {
      const record = this.#users.recordOf(inbound.userId);
      const { event } = inbound.message;
      // A look decides by time, which only timeouts prove: the broker's clock may have jumped since the last one.
      const now = event.type === "look" ? (this.#clock.proven ?? record.now) : this.#clock.now;
      if (!this.#hasSeen(record)) this.#step(record, inbound.message, applied.changes, now);
    }
    return applied;
  }

  renew(date: number): Change[] {
    const changes: Change[] = [];
    for (const { record } of this.#users.entries()) {
      if (!isRenewalDue(record, this.#rules.renewAfterMs, date, this.#clock.offset)) continue;
      const renewed = { ...record, renewedAt: date };
      this.#users.keep(renewed);
      const effects: Effect[] = isStatusKept(record.shown, date) ? [{ type: "status" }] : [];
      changes.push({ record: renewed, effects, traceparent: undefined });
    }
    return changes;
  }

  get = (userId: string): UserRecord | undefined => this.#users.get(userId)?.record;
  written = (userId: string): Written | undefined => this.#users.get(userId);
  records = (): UserRecord[] => Array.from(this.#users.entries(), ({ record }) => record);
  drop = (userId: string): void => this.#users.drop(userId);
  forget = (publishers: Iterable<string>): void => this.#publishers.forget(publishers);
  seq = (): number => this.#seq;
  counts = (): { users: number; online: number; active: number } => this.#users.counts();

  memory(): PartitionMemory {
    return {
      epoch: this.#epoch,
      seq: this.#seq,
      time: this.#time,
      clock: structuredClone(this.#clock),
      publishers: this.#publishers.entries(),
      reconcileAt: this.#reconcileAt,
    };
  }

  /** What was written down after this message has seen it already. */
  #hasSeen(record: UserRecord): boolean {
    return record.seq >= this.#seq;
  }

  #step(
    record: UserRecord,
    { event, traceparent, waitedMs }: UserMessage | PartitionMessage,
    changes: Change[],
    now = this.#clock.now,
  ): void {
    const date = this.#time ?? 0;
    const logged = { ...event, seq: this.#seq, epoch: this.#epoch, now, date, waitedMs };
    const next = this.#transition(record, logged);
    if (next.record === record && next.effects.length === 0) return;
    if (next.record !== record) this.#users.keep(next.record);
    changes.push({ record: next.record, effects: next.effects, traceparent });
  }

  #applyToPartition(
    { event, traceparent }: PartitionMessage | Unreadable["message"],
    time: number,
    applied: Applied,
  ): void {
    const { changes } = applied;
    if (event.type === "unreadable") return;
    if (event.type === "gateway-lost") {
      this.#publishers.markLost(event.gatewayId, this.#clock.now);
      this.#loseGateways((gatewayId) => gatewayId === event.gatewayId, changes, { traceparent });
      return;
    }
    if (advanceByTimeout(this.#clock, time, event.sweeperId, event.elapsed)) this.#correctTimes(changes);
    this.#enterTime(changes);
    const proven = this.#clock.proven ?? this.#clock.now;
    this.#reconcile(changes, proven);
    this.#lookAtDeadlines(event, changes, proven);
    applied.outOfStep = this.#publishers.outOfStep(proven);
    applied.silent = this.#publishers.silent(proven);
  }

  #loseGateways(
    isLost: (gatewayId: string) => boolean,
    changes: Change[],
    { silentMs = 0, traceparent }: { silentMs?: number; traceparent?: string | undefined },
  ): void {
    for (const entry of this.#users.entries()) {
      const { record } = entry;
      if (this.#hasSeen(record)) continue;
      const lost = new Set(record.connections.map(({ gatewayId }) => gatewayId));
      for (const gatewayId of lost) {
        if (!isLost(gatewayId)) continue;
        const event = { type: "gateway-lost" as const, gatewayId, silentMs };
        this.#step(entry.record, { event, traceparent }, changes);
      }
    }
  }

  /** A new epoch began: gateways have announced themselves under new ids; those that have not are gone. */
  #reconcile(changes: Change[], proven: number): void {
    if (typeof this.#reconcileAt !== "number" || proven < this.#reconcileAt) return;
    this.#reconcileAt = null;
    const isUnknown = (gatewayId: string) => !this.#publishers.isKnown(gatewayId);
    this.#loseGateways(isUnknown, changes, { silentMs: 2 * this.#rules.gatewayLeaseMs });
  }

  #lookAtDeadlines(event: PartitionMessage["event"], changes: Change[], proven: number): void {
    for (const entry of this.#users.takeDue(proven)) {
      const deadline = this.#users.deadlineOf(entry);
      if (deadline !== null && isDue(deadline, proven) && !this.#hasSeen(entry.record))
        this.#step(entry.record, { event }, changes, proven);
      this.#users.schedule(entry);
    }
  }

  /**
   * How far the lost clock was from the broker's is not known: for each record no time has passed since its last event.
   * What ends by time ends later, and nothing early. Who has changed in this epoch is in its time already.
   */
  #enterTime(changes: Change[]): void {
    if (!this.#isOfLostClock) return;
    this.#isOfLostClock = false;
    for (const { record: before } of this.#users.entries()) {
      if (before.seq > 0) continue;
      const record = shiftTimes(before, this.#clock.now - before.now);
      this.#users.keep(record);
      changes.push({ record, effects: [], traceparent: undefined });
    }
  }

  /** The broker's clock has jumped, maybe for a moment: what was set by it before that was found out is set right. */
  #correctTimes(changes: Change[]): void {
    const { now } = this.#clock;
    if (typeof this.#reconcileAt === "number")
      this.#reconcileAt = Math.min(this.#reconcileAt, now + 2 * this.#rules.gatewayLeaseMs);
    for (const entry of this.#users.entries()) {
      const { record: before } = entry;
      if (before.now > now && !this.#hasSeen(before)) {
        const record = cutBackTimes(before, now, this.#rules);
        this.#users.keep(record);
        changes.push({ record, effects: [], traceparent: undefined });
      }
      // Dates lie elsewhere in partition time now.
      this.#users.schedule(entry);
    }
  }
}
