import type { PresenceWrite } from "@meeshy/shared/db/presence-writer";
import { isRefused } from "@meeshy/shared/db/refusal";
import type { Clock, Timer } from "@meeshy/shared/ports/clock";
import type { PresenceRow } from "@meeshy/shared/presence-row";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { HistoryLine } from "./stored-record.ts";

/** Where rows go: the batched, guarded statements of the shared database package. */
export interface PresenceTables {
  writePresence(rows: PresenceRow[]): Promise<PresenceWrite>;
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
 * likes; statuses never wait for it. Pending rows of a partition are bounded by its number of users, and history
 * by {@link LINES_PER_USER} lines each and {@link LINES_MAX} in all, but for the last line of each user.
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
/** Lines of history that wait for one user, and of all users together: the newest are kept. */
const LINES_PER_USER = 100;
const LINES_MAX = 200_000;
/** A statement costs by itself more than the rows of half a second do. */
const FLUSH_MS = 500;
const PROGRESS_MS = 5_000;
const RETRY_MS = 500;

export interface DatabaseWriterOptions {
  clock: Clock;
  logger: Logger;
  onBatch: (rows: number, outcome: PresenceWrite) => void;
  /** So many lines of history were given up: too many wait. */
  onHistoryDropped: (lines: number) => void;
}

export function createDatabaseWriter(
  tables: PresenceTables,
  { clock, logger, onBatch, onHistoryDropped }: DatabaseWriterOptions,
): DatabaseWriter {
  const pending = new Map<number, Map<string, Pending>>();
  const progress = new Map<number, { partition: number; epoch: number; seq: number }>();
  let lag = 0;
  let waitingLines = 0;
  let failing = false;
  let closed = false;
  let timer: Timer | undefined;
  let flushing: Promise<void> | undefined;

  const keepLines = (entry: Pending, lines: HistoryLine[]) => {
    waitingLines += lines.length - entry.history.length;
    entry.history = lines;
  };
  /** While too many wait, each user keeps the last line. */
  const addLines = (entry: Pending, lines: readonly HistoryLine[]) => {
    const all = [...entry.history, ...lines];
    const room = waitingLines + lines.length > LINES_MAX ? 1 : LINES_PER_USER;
    keepLines(entry, all.slice(-room));
    if (all.length > entry.history.length) onHistoryDropped(all.length - entry.history.length);
  };
  const remove = (users: Map<string, Pending>, userId: string, entry: Pending) => {
    keepLines(entry, []);
    users.delete(userId);
    lag--;
  };

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
    const lines = batch.map(([, , entry]) => entry.history);
    for (const [, userId, entry] of batch) {
      if (entry.erases) await tables.eraseHistory(userId);
      entry.erases = false;
    }
    const outcome = await tables.writePresence(rows.filter((row) => row !== null));
    const history = batch.flatMap(([, userId], at) => (lines[at] ?? []).map((line) => ({ ...line, userId })));
    if (history.length > 0) await tables.writeHistory(history);
    onBatch(batch.length, outcome);
    batch.forEach(([partition, userId, entry], at) => {
      const users = pending.get(partition);
      if (users?.get(userId) !== entry) return;
      if (entry.row === rows[at]) remove(users, userId, entry);
      else {
        const stored = new Set(lines[at]);
        keepLines(
          entry,
          entry.history.filter((line) => !stored.has(line)),
        );
      }
    });
  };

  /** A row that the database will never take is set aside by name; it may not hold up the others. */
  const store = async (batch: [number, string, Pending][]): Promise<void> => {
    try {
      await writeBatch(batch);
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await store(batch.slice(0, middle));
        await store(batch.slice(middle));
        return;
      }
      for (const [partition, userId, entry] of batch) {
        const users = pending.get(partition);
        if (users?.get(userId) !== entry) continue;
        remove(users, userId, entry);
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
      const known = users.get(row.userId);
      const entry = known ?? { erases: false, row, history: [], since: seq };
      if (!known) {
        users.set(row.userId, entry);
        lag++;
      }
      entry.row = row;
      entry.since = Math.min(entry.since, seq);
      addLines(entry, history);
      schedule();
    },
    erase(partition, userId, seq) {
      const users = usersOf(partition);
      const known = users.get(userId);
      if (known) keepLines(known, []);
      else lag++;
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
      const users = pending.get(partition) ?? new Map<string, Pending>();
      for (const [userId, entry] of users) remove(users, userId, entry);
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
