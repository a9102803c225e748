import type { PresenceRow } from "@meeshy/shared/presence-row";
import type { HistoryLine } from "./stored-record.ts";

/** One user's changes on their way to the database. */
export interface PendingUser {
  /** what was stored of the user before has to go first */
  erases: boolean;
  /** null: nothing to store after that */
  row: PresenceRow | null;
  history: HistoryLine[];
  /** log sequence of the oldest change that is not stored */
  since: number;
}

/** A user who waits, and where. */
export interface BatchEntry {
  partition: number;
  userId: string;
  pending: PendingUser;
}

/** Lines of history that wait for one user, and of all users together: the newest are kept. */
const LINES_PER_USER = 100;
const LINES_MAX = 200_000;

/**
 * What waits for the database: the last row of each user, bounded by the number of users, and history, bounded by
 * {@link LINES_PER_USER} lines each and {@link LINES_MAX} in all, but for the last line of each user.
 */
export class PendingRows {
  readonly #byPartition = new Map<number, Map<string, PendingUser>>();
  readonly #onHistoryDropped: (lines: number) => void;
  #users = 0;
  #lines = 0;

  /** `onHistoryDropped`: so many lines of history were given up, since too many wait. */
  constructor(onHistoryDropped: (lines: number) => void) {
    this.#onHistoryDropped = onHistoryDropped;
  }

  /** users who wait */
  get size(): number {
    return this.#users;
  }

  put(partition: number, row: PresenceRow, history: readonly HistoryLine[], seq: number): void {
    const users = this.#usersOf(partition);
    const known = users.get(row.userId);
    const entry = known ?? { erases: false, row, history: [], since: seq };
    if (!known) {
      users.set(row.userId, entry);
      this.#users++;
    }
    entry.row = row;
    entry.since = Math.min(entry.since, seq);
    this.#addLines(entry, history);
  }

  erase(partition: number, userId: string, seq: number): void {
    const users = this.#usersOf(partition);
    const known = users.get(userId);
    if (known) this.#keepLines(known, []);
    else this.#users++;
    // An entry of its own: a batch that is on its way does not take it for written.
    users.set(userId, { erases: true, row: null, history: [], since: seq });
  }

  get(partition: number, userId: string): PendingUser | undefined {
    return this.#byPartition.get(partition)?.get(userId);
  }

  /** The log sequence up to which nothing of the partition waits; `seq` when nothing does at all. */
  storedUpTo(partition: number, seq: number): number {
    let upTo = seq;
    for (const { since } of this.#byPartition.get(partition)?.values() ?? [])
      upTo = Math.min(upTo, since - 1);
    return Math.max(0, upTo);
  }

  /**
   * The next `most` users who wait; they stay here until {@link settle} or {@link remove}. Partitions take turns: one in
   * which more changes than is written delays no other.
   */
  batch(most: number): BatchEntry[] {
    const batch: BatchEntry[] = [];
    for (const [partition, users] of [...this.#byPartition]) {
      if (batch.length === most) break;
      for (const [userId, pending] of users) {
        if (batch.length === most) break;
        batch.push({ partition, userId, pending });
      }
      this.#byPartition.delete(partition);
      this.#byPartition.set(partition, users);
    }
    return batch;
  }

  /** This row and these lines are stored: the user waits on only with what has come since, behind the others. */
  settle(entry: BatchEntry, { row, history }: Pick<PendingUser, "row" | "history">): void {
    const { pending } = entry;
    if (pending.row === row) {
      this.remove(entry);
      return;
    }
    if (!this.#isCurrent(entry)) return;
    const users = this.#usersOf(entry.partition);
    users.delete(entry.userId);
    users.set(entry.userId, pending);
    const stored = new Set(history);
    this.#keepLines(
      pending,
      pending.history.filter((line) => !stored.has(line)),
    );
  }

  /** Gives up what waits of the user; `false` when something else of the user waits by now. */
  remove(entry: BatchEntry): boolean {
    if (!this.#isCurrent(entry)) return false;
    this.#keepLines(entry.pending, []);
    this.#byPartition.get(entry.partition)?.delete(entry.userId);
    this.#users--;
    return true;
  }

  dropPartition(partition: number): void {
    const users = this.#byPartition.get(partition);
    if (users === undefined) return;
    for (const pending of users.values()) this.#keepLines(pending, []);
    this.#users -= users.size;
    this.#byPartition.delete(partition);
  }

  #isCurrent({ partition, userId, pending }: BatchEntry): boolean {
    return this.get(partition, userId) === pending;
  }

  #usersOf(partition: number): Map<string, PendingUser> {
    const users = this.#byPartition.get(partition) ?? new Map<string, PendingUser>();
    this.#byPartition.set(partition, users);
    return users;
  }

  /** While too many wait, each user keeps the last line. */
  #addLines(entry: PendingUser, lines: readonly HistoryLine[]): void {
    const all = [...entry.history, ...lines];
    const room = this.#lines + lines.length > LINES_MAX ? 1 : LINES_PER_USER;
    this.#keepLines(entry, all.slice(-room));
    if (all.length > entry.history.length) this.#onHistoryDropped(all.length - entry.history.length);
  }

  #keepLines(entry: PendingUser, lines: HistoryLine[]): void {
    this.#lines += lines.length - entry.history.length;
    entry.history = lines;
  }
}
