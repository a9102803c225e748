import { isRefused } from "@meeshy/shared/db/refusal";
import type { Clock, Timer } from "@meeshy/shared/ports/clock";
import type { PresenceRow } from "@meeshy/shared/presence-row";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { HistoryLine } from "./stored-record.ts";

/** Where rows go: the batched, guarded statements of the shared database package. */
export interface PresenceTables {
  /** Gives the number of rows changed. */
  writePresence(rows: PresenceRow[]): Promise<number>;
  writeHistory(lines: (HistoryLine & { userId: string })[]): Promise<unknown>;
  /** Forgets the history of someone who was deleted. */
  eraseHistory(userId: string): Promise<unknown>;
  writeProgress(positions: { partition: number; epoch: number; seq: number }[]): Promise<unknown>;
}

/** One user's changes on their way to the database. */
interface Pending {
  /** what was stored of the user before has to go first */
  erases: boolean;
  /** null: nothing to store after that */
  row: PresenceRow | null;
  history: HistoryLine[];
  /** log sequence of the oldest change that is not stored */
  since: number;
}

/**
 * The database follows on its own: the last state per user, in batches. It may be away for as long as it
 * likes; statuses never wait for it. Pending rows of a partition are bounded by its number of users.
 */
export interface DatabaseWriter {
  put(partition: number, row: PresenceRow, history: HistoryLine[], seq: number): void;
  /** Drops what waits of a user who was deleted, and forgets their history. */
  erase(partition: number, userId: string, seq: number): void;
  isPending(partition: number, userId: string): boolean;
  unsaved(partition: number, userId: string): HistoryLine[];
  /** every change up to this log sequence is stored; `seq` when nothing is pending */
  storedUpTo(partition: number, seq: number): number;
  noteProgress(partition: number, epoch: number, seq: number): void;
  /** Forgets a partition that has another owner now. */
  drop(partition: number): void;
  lag(): number;
  /** Stores what is pending, as far as the database lets it within `ms`. */
  close(ms: number): Promise<void>;
}

const BATCH = 500;
/** A statement costs by itself more than the rows of half a second do. */
const FLUSH_MS = 500;
const PROGRESS_MS = 5_000;
const RETRY_MS = 500;

export function createDatabaseWriter(
  tables: PresenceTables,
  {
    clock,
    logger,
    onBatch,
  }: { clock: Clock; logger: Logger; onBatch: (rows: number, written: number) => void },
): DatabaseWriter {
  const pending = new Map<number, Map<string, Pending>>();
  const progress = new Map<number, { partition: number; epoch: number; seq: number }>();
  let lag = 0;
  let failing = false;
  let closed = false;
  let timer: Timer | undefined;
  let flushing: Promise<void> | undefined;

  const takeBatch = (): [number, string, Pending][] => {
    const batch: [number, string, Pending][] = [];
    for (const [partition, users] of pending) {
      for (const [userId, entry] of users) {
        batch.push([partition, userId, entry]);
        if (batch.length === BATCH) return batch;
      }
    }
    return batch;
  };

  const writeBatch = async (batch: [number, string, Pending][]) => {
    const rows = batch.map(([, , entry]) => entry.row);
    const lines = batch.map(([, , entry]) => [...entry.history]);
    for (const [, userId, entry] of batch) {
      if (entry.erases) await tables.eraseHistory(userId);
      entry.erases = false;
    }
    const written = await tables.writePresence(rows.filter((row) => row !== null));
    const history = batch.flatMap(([, userId], at) => (lines[at] ?? []).map((line) => ({ ...line, userId })));
    if (history.length > 0) await tables.writeHistory(history);
    onBatch(batch.length, written);
    batch.forEach(([partition, userId, entry], at) => {
      const users = pending.get(partition);
      if (users?.get(userId) !== entry) return;
      const changedMeanwhile = entry.row !== rows[at] || entry.history.length !== lines[at]?.length;
      if (changedMeanwhile) entry.history.splice(0, lines[at]?.length ?? 0);
      else {
        users.delete(userId);
        lag--;
      }
    });
  };

  /** A row that the database will never take is set aside by name; it may not hold up the others. */
  const store = async (batch: [number, string, Pending][]): Promise<void> => {
    try {
      await writeBatch(batch);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const [[partition, userId] = [-1, ""]] = batch;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await store(batch.slice(0, middle));
        await store(batch.slice(middle));
      } else if (pending.get(partition)?.delete(userId)) {
        lag--;
        logger.error({ userId, err: error }, "row refused by the database, set aside");
      }
    }
  };

  const flush = async () => {
    try {
      for (let batch = takeBatch(); batch.length > 0; batch = takeBatch()) await store(batch);
      if (failing) logger.info("the database is back, all rows are stored");
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error, lag }, "the database is away, rows wait");
      failing = true;
      await clock.sleep(RETRY_MS);
    }
  };
  const run = () => {
    timer = undefined;
    flushing ??= flush().finally(() => {
      flushing = undefined;
      if (lag > 0 && !closed) schedule();
    });
  };
  const schedule = () => {
    timer ??= clock.after(FLUSH_MS, run);
  };

  /** The first position is stored at once: without any, a log that is lost early would pass for the first one. */
  let isRemembered = false;
  const writeProgress = async () => {
    if (failing || progress.size === 0) return;
    const positions = [...progress.values()].sort((a, b) => a.partition - b.partition);
    progress.clear();
    await tables.writeProgress(positions).catch((error) => {
      for (const position of positions) {
        if (!progress.has(position.partition)) progress.set(position.partition, position);
      }
      logger.warn({ err: error }, "log position not stored, will be");
    });
  };
  const progressTimer = clock.every(PROGRESS_MS, () => void writeProgress());

  const usersOf = (partition: number): Map<string, Pending> => {
    const users = pending.get(partition) ?? new Map<string, Pending>();
    pending.set(partition, users);
    return users;
  };

  return {
    put(partition, row, history, seq) {
      const users = usersOf(partition);
      const entry = users.get(row.userId);
      if (entry) {
        entry.row = row;
        entry.history.push(...history);
        entry.since = Math.min(entry.since, seq);
      } else {
        users.set(row.userId, { erases: false, row, history: [...history], since: seq });
        lag++;
      }
      schedule();
    },
    erase(partition, userId, seq) {
      const users = usersOf(partition);
      if (!users.has(userId)) lag++;
      // An entry of its own: a batch that is on its way does not take it for written.
      users.set(userId, { erases: true, row: null, history: [], since: seq });
      schedule();
    },
    isPending: (partition, userId) => pending.get(partition)?.has(userId) ?? false,
    unsaved: (partition, userId) => [...(pending.get(partition)?.get(userId)?.history ?? [])],
    storedUpTo(partition, seq) {
      let upTo = seq;
      for (const { since } of pending.get(partition)?.values() ?? []) upTo = Math.min(upTo, since - 1);
      return Math.max(0, upTo);
    },
    noteProgress(partition, epoch, seq) {
      progress.set(partition, { partition, epoch, seq });
      if (isRemembered) return;
      isRemembered = true;
      void writeProgress();
    },
    drop(partition) {
      lag -= pending.get(partition)?.size ?? 0;
      pending.delete(partition);
    },
    lag: () => lag,
    async close(ms) {
      const end = clock.now() + ms;
      while (lag > 0 && clock.now() < end) {
        run();
        await Promise.race([flushing, clock.sleep(end - clock.now())]);
      }
      closed = true;
      timer?.cancel();
      progressTimer.cancel();
      await writeProgress();
    },
  };
}
