import type { LogPosition, LogProgress } from "@meeshy/shared/ports/log-progress";
import type { Logger } from "@meeshy/shared/runtime/logger";

type Position = LogPosition & { partition: number };

/** Stores how far each partition's log was read: the last position of each is kept until it is stored. */
export class ProgressWriter {
  readonly #progress: Pick<LogProgress, "record">;
  readonly #logger: Logger;
  readonly #positions = new Map<number, Position>();
  #isRemembered = false;

  constructor(progress: Pick<LogProgress, "record">, logger: Logger) {
    this.#progress = progress;
    this.#logger = logger;
  }

  /** `true` for the first one, which is to be stored at once: without any, a log lost early would pass for the first. */
  note(position: Position): boolean {
    this.#positions.set(position.partition, position);
    const isFirst = !this.#isRemembered;
    this.#isRemembered = true;
    return isFirst;
  }

  async write(): Promise<void> {
    if (this.#positions.size === 0) return;
    const positions = [...this.#positions.values()].sort((a, b) => a.partition - b.partition);
    this.#positions.clear();
    try {
      await this.#progress.record(positions);
    } catch (error) {
      for (const position of positions)
        if (!this.#positions.has(position.partition)) this.#positions.set(position.partition, position);
      this.#logger.warn({ err: error }, "log position not stored, will be");
    }
  }
}
