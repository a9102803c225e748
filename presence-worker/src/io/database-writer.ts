import { isCanaryId } from "@meeshy/shared/ids";
import type { Clock, Timer } from "@meeshy/shared/ports/clock";
import type { LogProgress } from "@meeshy/shared/ports/log-progress";
import type { PresenceRows, PresenceWrite } from "@meeshy/shared/ports/presence-rows";
import { StoreRefused } from "@meeshy/shared/ports/store";
import { NO_TRACING, type Span, type Tracer } from "@meeshy/shared/ports/tracing";
import type { TransitionHistory } from "@meeshy/shared/ports/transition-history";
import type { PresenceRow } from "@meeshy/shared/presence-row";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { type BatchEntry, PendingRows } from "./pending-rows.ts";
import { ProgressWriter } from "./progress-writer.ts";
import type { HistoryLine } from "./stored-record.ts";

/** Where rows, lines of history and log positions go. */
export interface PresenceTables {
  presence: Pick<PresenceRows, "write">;
  history: Pick<TransitionHistory, "write" | "erase">;
  progress: Pick<LogProgress, "record">;
}

/**
 * The database follows on its own: the last state per user, in batches. It may be away for as long as it
 * likes; statuses never wait for it.
 */
export interface DatabaseWriter {
  /** `traceparent`: of the recorded change. Of canaries nothing is stored (ADR 0027). */
  put(partition: number, row: PresenceRow, history: HistoryLine[], seq: number, traceparent?: string): void;
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
/** Traces that a batch names. */
const LINKS_MAX = 64;

export interface DatabaseWriterOptions {
  clock: Clock;
  /** by default nothing is recorded */
  tracer?: Tracer;
  logger: Logger;
  onBatch: (rows: number, outcome: PresenceWrite) => void;
  /** So many lines of history were given up: too many wait. */
  onHistoryDropped: (lines: number) => void;
}

export function createDatabaseWriter(tables: PresenceTables, options: DatabaseWriterOptions): DatabaseWriter {
  return new BatchWriter(tables, options);
}

class BatchWriter implements DatabaseWriter {
  readonly #tables: PresenceTables;
  readonly #options: DatabaseWriterOptions;
  readonly #pending: PendingRows;
  readonly #progress: ProgressWriter;
  readonly #progressTimer: Timer;
  #flushTimer: Timer | undefined;
  #flushing: Promise<void> | undefined;
  /** the database is away */
  #failing = false;
  #closed = false;
  /** contexts of the changes that the next batch stores */
  #traces: string[] = [];

  constructor(tables: PresenceTables, options: DatabaseWriterOptions) {
    this.#tables = tables;
    this.#options = options;
    this.#pending = new PendingRows(options.onHistoryDropped);
    this.#progress = new ProgressWriter(tables.progress, options.logger);
    this.#progressTimer = options.clock.every(PROGRESS_MS, () => void this.#writeProgress());
  }

  put(partition: number, row: PresenceRow, history: HistoryLine[], seq: number, traceparent?: string): void {
    if (isCanaryId(row.userId)) return;
    this.#pending.put(partition, row, history, seq);
    if (traceparent !== undefined && this.#traces.length < LINKS_MAX) this.#traces.push(traceparent);
    this.#schedule();
  }

  erase(partition: number, userId: string, seq: number): void {
    this.#pending.erase(partition, userId, seq);
    this.#schedule();
  }

  isPending(partition: number, userId: string): boolean {
    return this.#pending.get(partition, userId) !== undefined;
  }

  unsaved(partition: number, userId: string): HistoryLine[] {
    return [...(this.#pending.get(partition, userId)?.history ?? [])];
  }

  storedUpTo(partition: number, seq: number): number {
    return this.#pending.storedUpTo(partition, seq);
  }

  noteProgress(partition: number, epoch: number, seq: number): void {
    if (this.#progress.note({ partition, epoch, seq })) void this.#writeProgress();
  }

  drop(partition: number): void {
    this.#pending.dropPartition(partition);
  }

  lag(): number {
    return this.#pending.size;
  }

  async close(ms: number): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + ms;
    while (this.lag() > 0 && clock.now() < end) {
      this.#run();
      await Promise.race([this.#flushing, clock.sleep(end - clock.now())]);
    }
    this.#closed = true;
    this.#flushTimer?.cancel();
    this.#progressTimer.cancel();
    await this.#writeProgress();
  }

  #schedule(): void {
    this.#flushTimer ??= this.#options.clock.after(FLUSH_MS, () => this.#run());
  }

  #run(): void {
    this.#flushTimer = undefined;
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      if (this.lag() > 0 && !this.#closed) this.#schedule();
    });
  }

  async #flush(): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      for (let batch = this.#pending.batch(BATCH); batch.length > 0; batch = this.#pending.batch(BATCH))
        await this.#store(batch);
      if (this.#failing) logger.info("the database is back, all rows are stored");
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) logger.warn({ err: error, lag: this.lag() }, "the database is away, rows wait");
      this.#failing = true;
      await clock.sleep(RETRY_MS);
    }
  }

  /** A row that the database will never take is set aside by name; it may not hold up the others. */
  async #store(batch: BatchEntry[]): Promise<void> {
    try {
      await this.#write(batch);
    } catch (error) {
      if (!(error instanceof StoreRefused)) throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#store(batch.slice(0, middle));
        await this.#store(batch.slice(middle));
        return;
      }
      const { logger } = this.#options;
      for (const entry of batch)
        if (this.#pending.remove(entry))
          logger.error({ userId: entry.userId, err: error }, "row refused by the database, set aside");
    }
  }

  async #write(batch: BatchEntry[]): Promise<void> {
    const span = this.#beginSpan(batch.length);
    try {
      await this.#writeBatch(batch);
      span?.end();
    } catch (error) {
      span?.end({ error });
      throw error;
    }
  }

  /** A batch belongs to many traces, so it is one of its own that links them. */
  #beginSpan(rows: number): Span | undefined {
    const links = this.#traces;
    if (links.length === 0) return undefined;
    this.#traces = [];
    const { tracer = NO_TRACING } = this.#options;
    const attributes = { "db.system.name": "postgresql", "db.operation.batch.size": rows };
    return tracer.start("write rows", { kind: "client", links, attributes, always: true });
  }

  async #writeBatch(batch: BatchEntry[]): Promise<void> {
    const written = batch.map((entry) => ({ entry, row: entry.pending.row, history: entry.pending.history }));
    for (const { userId, pending } of batch) {
      if (pending.erases) await this.#tables.history.erase(userId);
      pending.erases = false;
    }
    const rows = written.map(({ row }) => row).filter((row) => row !== null);
    const outcome = await this.#tables.presence.write(rows);
    const lines = written.flatMap(({ entry: { userId }, history }) =>
      history.map((line) => ({ ...line, userId })),
    );
    if (lines.length > 0) await this.#tables.history.write(lines);
    this.#options.onBatch(batch.length, outcome);
    for (const { entry, row, history } of written) this.#pending.settle(entry, { row, history });
  }

  /** Not while the database is away: what it does not take would only be asked again. */
  async #writeProgress(): Promise<void> {
    if (!this.#failing) await this.#progress.write();
  }
}
