import type { Logger } from "@meeshy/shared/runtime/logger";
import { isCheckpointDue } from "../core/checkpoint-rhythm.ts";
import type { Partition, PartitionMemory } from "../core/partition.ts";
import { isRetained, type UserRecord } from "../core/record.ts";
import { Fenced, type RecordStore } from "../io/record-store.ts";
import type { StatusWriter } from "../io/status-writer.ts";
import type { HostDeps } from "./deps.ts";
import { EpochOver } from "./epoch-keeper.ts";
import type { Claim } from "./lease.ts";

/**
 * Publish, then record, then checkpoint (DESIGN, principle 5): a round takes what has changed so far,
 * waits until its statuses are stored, writes its records, then, when it is time, the log position. A crash
 * in between repeats work and loses none. Events go on meanwhile; they belong to the next round.
 */
export interface Checkpointer {
  /** Begins the rounds. Not before the partition publishes: a record may not be written before its status. */
  start(): void;
  changed(record: UserRecord): void;
  /** One more message was applied. */
  advanced(): void;
  /** Something else that must have happened before the user's record may be written. */
  await(userId: string, done: Promise<void>): void;
  /** Runs rounds until nothing is left to write. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

const ROUND_EVENTS = 1_000;
const WRITES_AT_ONCE = 256;
/** A gateway may hold a stored row that is older than the record's last change: the record outlives it. */
const LINGER_MS = 2_000;

/** A written record that says nothing more than the database will; `since`: monotonic ms. */
interface Leaving {
  record: UserRecord;
  since: number;
}

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
  const { deps, claim, partition, records, statuses, logger } = parts;
  const {
    partition: p,
    memory: { epoch },
  } = claim;
  const { clock } = deps.bus;
  let dirty = new Map<string, UserRecord>();
  const leaving = new Map<string, Leaving>();
  let waits = new Map<string, Promise<void>[]>();
  /** messages since the last round began, and since the last checkpoint */
  let applied = 0;
  let uncovered = 0;
  let hasChanged = false;
  /** log sequence of the first message that was applied here */
  let firstSeq = 0;
  let last = { at: clock.now(), seq: partition.seq(), storedUpTo: parts.storedUpTo };
  let stopped = false;
  let running: Promise<void> | undefined;

  const writeRecord = async (taken: UserRecord) => {
    const { userId } = taken;
    let record = taken;
    const toStored = () => {
      const statusSeq = partition.written(userId)?.statusSeq ?? 0;
      return { ...record, epoch, statusSeq, unsaved: deps.database.unsaved(p, userId) };
    };
    await records.write(toStored(), async () => {
      const newest = partition.get(userId) ?? record;
      await Promise.all(waits.get(userId) ?? []);
      await statuses.settled([userId]);
      record = newest;
      return toStored();
    });
    if (isRetained(record)) leaving.delete(userId);
    else leaving.set(userId, { record, since: clock.now() });
  };

  /**
   * A record may go once the database has it and the checkpoint lies behind it: its events, replayed
   * without it, would tell another story.
   */
  const mayLeave = ({ record: { userId, seq }, since }: Leaving) =>
    clock.now() - since > LINGER_MS && seq <= last.seq && !deps.database.isPending(p, userId);

  const removeRecord = async ({ record, since }: Leaving) => {
    const { userId, seq } = record;
    leaving.delete(userId);
    if (partition.get(userId) !== record) return;
    try {
      await records.remove(userId, epoch, seq);
    } catch (error) {
      leaving.set(userId, { record, since });
      throw error;
    }
    if (partition.get(userId) !== record) return;
    partition.drop(userId);
  };
  const inTurns = async <T>(queue: T[], work: (item: T) => Promise<void>) => {
    for (let at = 0; at < queue.length && !stopped; at += WRITES_AT_ONCE)
      await Promise.all(queue.slice(at, at + WRITES_AT_ONCE).map(work));
  };

  /** What the last checkpoint did not know to be in the database is there now. */
  const hasBeenStored = (): boolean => {
    const seq = partition.seq();
    return last.storedUpTo < last.seq && deps.database.storedUpTo(p, seq) === seq;
  };
  const isDue = (): boolean =>
    isCheckpointDue({
      elapsed: clock.now() - last.at,
      messages: uncovered,
      hasNews: hasChanged || hasBeenStored(),
      isFirst: last.seq === 0,
    });

  const checkpoint = async (memory: PartitionMemory, covered: number) => {
    const storedUpTo = deps.database.storedUpTo(p, memory.seq);
    await claim.checkpoint(memory, storedUpTo);
    last = { at: clock.now(), seq: memory.seq, storedUpTo };
    uncovered -= covered;
    hasChanged = dirty.size > 0;
    deps.database.noteProgress(p, epoch, memory.seq);
  };

  /** Records of a partition without any checkpoint would say that it was lost: it begins before its first message. */
  const beginBeforeRecords = async () => {
    if (last.seq > 0 || firstSeq <= 1) return;
    await claim.checkpoint({ ...claim.memory, seq: firstSeq - 1 }, last.storedUpTo);
    last = { ...last, seq: firstSeq - 1 };
  };

  const round = async (isLast: boolean) => {
    const taken = dirty;
    const takenWaits = waits;
    const memory = isLast || isDue() ? partition.memory() : undefined;
    const covered = uncovered;
    dirty = new Map();
    waits = new Map();
    applied = 0;
    try {
      await Promise.all([...takenWaits.values()].flat());
      await statuses.settled(taken.keys());
      await beginBeforeRecords();
      await inTurns([...leaving.values()].filter(mayLeave), removeRecord);
      await inTurns([...taken.values()], writeRecord);
      if (memory !== undefined && !stopped) await checkpoint(memory, covered);
    } catch (error) {
      for (const [userId, record] of taken) if (!dirty.has(userId)) dirty.set(userId, record);
      if (error instanceof Fenced) await claim.verify();
      else if (!stopped && !(error instanceof EpochOver))
        logger.warn({ err: error }, "checkpoint failed, trying again");
    }
  };

  const isWorthwhile = () => dirty.size > 0 || isDue() || [...leaving.values()].some(mayLeave);
  const run = (isLast = false): Promise<void> => {
    running ??= round(isLast).finally(() => {
      running = undefined;
    });
    return running;
  };
  let leaveRounds: (() => void) | undefined;

  return {
    start() {
      leaveRounds = deps.rounds.join(p, () => {
        if (!stopped && isWorthwhile()) void run();
      });
    },
    changed(record) {
      dirty.set(record.userId, record);
      hasChanged = true;
    },
    advanced() {
      if (firstSeq === 0) firstSeq = partition.seq();
      uncovered++;
      applied++;
      if (applied >= ROUND_EVENTS && leaveRounds && !stopped) void run();
    },
    await(userId, done) {
      const before = waits.get(userId);
      if (before) before.push(done);
      else waits.set(userId, [done]);
    },
    async finish() {
      await running;
      await run(true);
    },
    async stop() {
      stopped = true;
      leaveRounds?.();
      await running;
    },
  };
}
