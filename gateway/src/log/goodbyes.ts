import type { CloseReasonName } from "@meeshy/shared/close-reasons";
import type { Clock } from "@meeshy/shared/ports/clock";

export interface Goodbye {
  userId: string;
  connectionId: string;
  reason: CloseReasonName;
}

/**
 * The connections that ended a moment ago. When the log is lost, or this gateway is declared lost, the last goodbyes
 * may be lost with it, and the records of before still hold those connections: so they are said once more.
 */
export interface Goodbyes {
  /**
   * Keeps it until a while after `written` is settled. One whose write was given up ended with the life of this gateway:
   * the next life, which begins in the same moment, has said it again.
   */
  note(goodbye: Goodbye, written: Promise<unknown>): void;
  recent(): Goodbye[];
}

/** Longer than a lost log takes to be noticed. */
const KEPT_MS = 30_000;
/** Those written go first, the oldest of them before the others. Of those a lost log is noticed without them, two leases later. */
const MOST = 20_000;

export function createGoodbyes(clock: Clock): Goodbyes {
  const waiting = new Map<string, Goodbye>();
  /** in the order in which their writes ended */
  const settled = new Map<string, { goodbye: Goodbye; at: number }>();
  const isOver = ({ at }: { at: number }) => clock.now() - at > KEPT_MS;

  const tidy = () => {
    for (const [id, entry] of settled) {
      if (!isOver(entry) && waiting.size + settled.size <= MOST) return;
      settled.delete(id);
    }
    for (const id of waiting.keys()) {
      if (waiting.size <= MOST) return;
      waiting.delete(id);
    }
  };

  return {
    note(goodbye, written) {
      const id = goodbye.connectionId;
      settled.delete(id);
      waiting.set(id, goodbye);
      const settle = () => {
        if (waiting.get(id) !== goodbye) return;
        waiting.delete(id);
        settled.set(id, { goodbye, at: clock.now() });
      };
      written.then(settle, settle);
      tidy();
    },
    recent: () => [
      ...[...settled.values()].filter((entry) => !isOver(entry)).map(({ goodbye }) => goodbye),
      ...waiting.values(),
    ],
  };
}
