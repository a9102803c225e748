import { PresenceError } from "@meeshy/shared/codes";
import type { Clock, Timer } from "@meeshy/shared/ports/clock";
import {
  FOLLOWING_MAX,
  type TransitionHistory,
  type TransitionRow,
} from "@meeshy/shared/ports/transition-history";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { createHistoryWindow, type HistoryWindow } from "../core/history-window.ts";
import { orUnavailable } from "../core/unavailable.ts";

/** Who follows everyone's transitions. */
export interface TransitionListener {
  /** Called with what is new, at most {@link FOLLOWING_MAX} lines at once. */
  onLines(lines: readonly TransitionRow[]): void;
  /** This process stops: nothing more comes. */
  onStop(): void;
}

/** Everyone's transitions as they are stored: one look a second for all listeners, none without one. */
export interface TransitionStream {
  /**
   * The listener receives what is stored from now on; the function that is given ends that.
   * @throws {PresenceError} `unavailable`: there are {@link LISTENERS_MAX} already, or the database does not answer
   */
  listen(listener: TransitionListener): Promise<() => void>;
  stop(): void;
}

export interface TransitionStreamDeps {
  history: Pick<TransitionHistory, "newestAt" | "following">;
  clock: Clock;
  logger: Logger;
}

export const LISTENERS_MAX = 50;
const LOOK_EVERY_MS = 1_000;
/** Reads of one look; what is left is read at the next. */
const READS_A_LOOK = 10;
/** In so long after the database is back, what waited to be stored is. */
const LATE_LINES_MS = 30_000;

export function createTransitionStream({ history, clock, logger }: TransitionStreamDeps): TransitionStream {
  const listeners = new Set<TransitionListener>();
  let window: HistoryWindow<TransitionRow> | undefined;
  let beginning: Promise<void> | undefined;
  let timer: Timer | undefined;
  let heldUntil = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  const readOn = async (
    followed: HistoryWindow<TransitionRow>,
    onLines: (lines: readonly TransitionRow[]) => void,
  ): Promise<void> => {
    for (let reads = 0; reads < READS_A_LOOK; reads++) {
      const lines = await history.following(followed.place());
      const isFull = lines.length === FOLLOWING_MAX;
      const fresh = followed.take(lines, isFull);
      if (fresh.length > 0) onLines(fresh);
      if (!isFull) return;
    }
  };

  const look = async () => {
    const followed = window;
    if (!followed) return;
    try {
      await readOn(followed, (lines) => {
        for (const listener of listeners) listener.onLines(lines);
      });
      if (clock.now() >= heldUntil) followed.release();
    } catch (error) {
      followed.hold();
      heldUntil = clock.now() + LATE_LINES_MS;
      logger.warn({ err: error }, "transitions cannot be read");
    }
    if (window === followed) lookLater();
  };
  const lookLater = () => {
    timer = clock.after(LOOK_EVERY_MS, () => void look());
  };

  /** What is stored already is not new. */
  const begin = async () => {
    const opened = createHistoryWindow<TransitionRow>(await history.newestAt());
    await readOn(opened, () => {});
    if (listeners.size === 0) return;
    window = opened;
    lookLater();
  };
  const pause = () => {
    timer?.cancel();
    window = undefined;
  };

  return {
    async listen(listener) {
      if (isStopped) throw new PresenceError("unavailable", "This gateway stops.");
      if (listeners.size >= LISTENERS_MAX)
        throw new PresenceError("unavailable", `There are ${LISTENERS_MAX} listeners already.`);
      listeners.add(listener);
      const leave = () => {
        if (listeners.delete(listener) && listeners.size === 0) pause();
      };
      try {
        if (!window) {
          beginning ??= begin().finally(() => {
            beginning = undefined;
          });
          const begun = beginning;
          await orUnavailable(() => begun);
        }
      } catch (error) {
        leave();
        throw error;
      }
      return leave;
    },
    stop() {
      isStopped = true;
      pause();
      for (const listener of listeners) listener.onStop();
      listeners.clear();
    },
  };
}
