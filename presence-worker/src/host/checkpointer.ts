import type { Clock } from "@meeshy/shared/ports/clock";
import type { Span } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { isCheckpointDue } from "../core/checkpoint-rhythm.ts";
import type { Partition } from "../core/partition.ts";
import type { PartitionMemory } from "../core/partition-memory.ts";
import type { UserRecord } from "../core/record.ts";
import { Fenced, type RecordStore } from "../io/record-store.ts";
import type { StatusWriter } from "../io/status-writer.ts";
import type { HostDeps } from "./deps.ts";
import { EpochOver } from "./epoch-keeper.ts";
import type { Claim } from "./lease.ts";
import { LeavingRecords } from "./leaving-records.ts";

/**
 * Publish, then record, then checkpoint (ARCHITECTURE, principle 5; ADR 0004), in rounds, one at a time. A
 * round begins every half second if there is anything to write, and after 1,000 messages. It
 *
 * 1. takes the records that have changed so far and, when a checkpoint is due (ADR 0011: 64 messages, or news
 *    and 2 s), the log position; later events belong to the next round;
 * 2. waits until the records' statuses are stored, and for what else they wait for (`await`);
 * 3. removes records that nothing needs any more: the last checkpoint has passed them, and the database has
 *    their rows;
 * 4. writes the taken records, 256 at once;
 * 5. writes the position that it took.
 *
 * Invariants: no record is stored before its status, and no checkpoint before the records that it covers. The
 * first checkpoint, of the place before the first message, comes before the first records: records without
 * any mean that it was lost. A record that ends goes after the checkpoint that covers its end: a replay
 * without it would have another result.
 *
 * What fails: a crash between two steps repeats work and loses none. In a round that fails, the taken records
 * are to be written again, unless they have changed meanwhile; the next round does it. Where another process
 * has written a record further along the log (`Fenced`), the lease is read, and the partition is given up if
 * it is another's.
 */
export interface Checkpointer {
  /** Begins the rounds. Not before the partition publishes: a record may not be written before its status. */
  start(): void;
  /** The record as it is now; only the last one before a round is written. `traceparent`: of the recorded change. */
  changed(record: UserRecord, traceparent?: string): void;
  /** One more message was applied. */
  advanced(): void;
  /** Something else that must have happened before the user's record may be written. */
  await(userId: string, done: Promise<void>): void;
  /** Waits for the round under way and runs a last one, with a checkpoint; a round that fails is logged. */
  finish(): Promise<void>;
  /** Begins no further round; the one under way ends early, and is waited for. */
  stop(): Promise<void>;
}

const ROUND_EVENTS = 1_000;
const WRITES_AT_ONCE = 256;
/** Traces that a round names. */
const LINKS_MAX = 64;

export interface CheckpointerParts {
  deps: HostDeps;
  claim: Claim;
  partition: Partition;
  records: RecordStore;
  statuses: StatusWriter;
  logger: Logger;
  storedUpTo: number;
}

export function createCheckpointer(parts: CheckpointerParts): Checkpointer {
  return new RoundCheckpointer(parts);
}

class RoundCheckpointer implements Checkpointer {
  readonly #parts: CheckpointerParts;
  readonly #clock: Clock;
  readonly #leaving: LeavingRecords;
  #dirty = new Map<string, UserRecord>();
  #waits = new Map<string, Promise<void>[]>();
  /** contexts of the changes that the next round writes down */
  #traces: string[] = [];
  /** messages since the last round began, and since the last checkpoint */
  #applied = 0;
  #uncovered = 0;
  #hasChanged = false;
  #hasCheckpoint: boolean;
  /** log sequence of the first message that was applied here */
  #firstSeq = 0;
  #last: { at: number; seq: number; storedUpTo: number };
  #stopped = false;
  #running: Promise<void> | undefined;
  #leaveRounds: (() => void) | undefined;

  constructor(parts: CheckpointerParts) {
    const { deps, claim, partition, records, storedUpTo } = parts;
    this.#parts = parts;
    this.#clock = deps.bus.clock;
    this.#leaving = new LeavingRecords({
      ...{ clock: deps.bus.clock, keptMs: deps.rules.recordKeptMs },
      ...{ claim, partition, records, database: deps.database },
    });
    this.#hasCheckpoint = claim.hasCheckpoint;
    this.#last = { at: this.#clock.now(), seq: partition.seq(), storedUpTo };
  }

  start(): void {
    const { deps, claim } = this.#parts;
    this.#leaveRounds = deps.rounds.join(claim.partition, () => {
      if (!this.#stopped && this.#isWorthwhile()) void this.#run();
    });
  }

  changed(record: UserRecord, traceparent?: string): void {
    this.#dirty.set(record.userId, record);
    if (traceparent !== undefined && this.#traces.length < LINKS_MAX) this.#traces.push(traceparent);
    this.#hasChanged = true;
  }

  advanced(): void {
    if (this.#firstSeq === 0) this.#firstSeq = this.#parts.partition.seq();
    this.#uncovered++;
    this.#applied++;
    if (this.#applied >= ROUND_EVENTS && this.#leaveRounds && !this.#stopped) void this.#run();
  }

  await(userId: string, done: Promise<void>): void {
    const before = this.#waits.get(userId);
    if (before) before.push(done);
    else this.#waits.set(userId, [done]);
  }

  async finish(): Promise<void> {
    await this.#running;
    await this.#run(true);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#leaveRounds?.();
    await this.#running;
  }

  #isWorthwhile(): boolean {
    return this.#dirty.size > 0 || this.#isDue() || this.#leaving.hasDue(this.#last.seq);
  }

  #run(isLast = false): Promise<void> {
    this.#running ??= this.#round(isLast).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #round(isLast: boolean): Promise<void> {
    const { claim, partition, statuses, logger } = this.#parts;
    const taken = this.#dirty;
    const takenWaits = this.#waits;
    const memory = isLast || this.#isDue() ? partition.memory() : undefined;
    const covered = this.#uncovered;
    this.#dirty = new Map();
    this.#waits = new Map();
    this.#applied = 0;
    const span = this.#beginSpan(taken.size);
    try {
      await Promise.all([...takenWaits.values()].flat());
      await statuses.settled(taken.keys());
      await this.#beginBeforeRecords();
      await this.#inTurns(this.#leaving.due(this.#last.seq), (one) => this.#leaving.remove(one));
      await this.#inTurns([...taken.values()], (record) => this.#writeRecord(record));
      if (memory !== undefined && !this.#stopped) await this.#checkpoint(memory, covered);
    } catch (error) {
      for (const [userId, record] of taken) if (!this.#dirty.has(userId)) this.#dirty.set(userId, record);
      if (error instanceof Fenced) await claim.verify().catch(() => {});
      else if (!this.#stopped && !(error instanceof EpochOver))
        logger.warn({ err: error }, "checkpoint failed, trying again");
    } finally {
      span?.end();
    }
  }

  /** A round belongs to many traces, so it is one of its own that links them. */
  #beginSpan(records: number): Span | undefined {
    const { deps, claim } = this.#parts;
    const links = this.#traces;
    if (links.length === 0) return undefined;
    this.#traces = [];
    const attributes = {
      "meeshy.records": records,
      "messaging.destination.partition.id": String(claim.partition),
    };
    return deps.tracer.start("write records", { kind: "client", links, attributes, always: true });
  }

  async #inTurns<T>(queue: T[], work: (item: T) => Promise<void>): Promise<void> {
    for (let at = 0; at < queue.length && !this.#stopped; at += WRITES_AT_ONCE)
      await Promise.all(queue.slice(at, at + WRITES_AT_ONCE).map(work));
  }

  /** Of an attempt after the first, the newest record is written, after its status. */
  async #writeRecord(taken: UserRecord): Promise<void> {
    const { deps, claim, partition, records, statuses } = this.#parts;
    const { userId } = taken;
    // The status that is stored last may be a later one than the record's: under its sequence a successor would publish
    // that again. Without one it looks first.
    const statusSeqOf = (record: UserRecord) =>
      partition.get(userId) === record ? (partition.written(userId)?.statusSeq ?? 0) : 0;
    const toStored = (record: UserRecord) => ({
      ...record,
      epoch: claim.memory.epoch,
      statusSeq: statusSeqOf(record),
      unsaved: deps.database.unsaved(claim.partition, userId),
    });
    let record = taken;
    await records.write(toStored(record), async () => {
      const newest = partition.get(userId) ?? record;
      await Promise.all(this.#waits.get(userId) ?? []);
      await statuses.settled([userId]);
      record = newest;
      return toStored(record);
    });
    this.#leaving.noteWritten(record);
  }

  /** Records of a partition without any checkpoint would mean that it was lost: it begins before its first message. */
  async #beginBeforeRecords(): Promise<void> {
    if (this.#hasCheckpoint || this.#firstSeq === 0) return;
    const { claim } = this.#parts;
    const seq = this.#firstSeq - 1;
    await claim.checkpoint({ ...claim.memory, seq }, this.#last.storedUpTo);
    this.#hasCheckpoint = true;
    this.#last = { ...this.#last, seq };
  }

  async #checkpoint(memory: PartitionMemory, covered: number): Promise<void> {
    const { deps, claim } = this.#parts;
    const storedUpTo = deps.database.storedUpTo(claim.partition, memory.seq);
    await claim.checkpoint(memory, storedUpTo);
    this.#hasCheckpoint = true;
    this.#last = { at: this.#clock.now(), seq: memory.seq, storedUpTo };
    this.#uncovered -= covered;
    this.#hasChanged = this.#dirty.size > 0;
    deps.database.noteProgress(claim.partition, claim.memory.epoch, memory.seq);
  }

  #isDue(): boolean {
    return isCheckpointDue({
      elapsed: this.#clock.now() - this.#last.at,
      messages: this.#uncovered,
      hasNews: this.#hasChanged || this.#hasBeenStored(),
      isFirst: !this.#hasCheckpoint,
    });
  }

  /** Rows that were not in the database at the last checkpoint are there now. */
  #hasBeenStored(): boolean {
    const { deps, claim, partition } = this.#parts;
    if (this.#last.storedUpTo >= this.#last.seq) return false;
    const seq = partition.seq();
    return deps.database.storedUpTo(claim.partition, seq) === seq;
  }
}
