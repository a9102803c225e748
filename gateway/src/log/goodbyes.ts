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
  /** Keeps it until a while after `written`. */
  note(goodbye: Goodbye, written: Promise<unknown>): void;
  recent(): Goodbye[];
}

/** Longer than a lost log takes to be noticed. */
const KEPT_MS = 30_000;
/** The oldest go first. Of those a lost log is noticed without them, two leases later. */
const MOST = 20_000;

export function createGoodbyes(clock: Clock): Goodbyes {
  const kept = new Map<string, Goodbye & { writtenAt: number }>();
  const isOver = (writtenAt: number) => clock.now() - writtenAt > KEPT_MS;
  const tidy = () => {
    for (const [id, { writtenAt }] of kept) {
      if (!isOver(writtenAt) && kept.size <= MOST) break;
      kept.delete(id);
    }
  };
  return {
    note(goodbye, written) {
      const entry = { ...goodbye, writtenAt: Number.POSITIVE_INFINITY };
      kept.set(goodbye.connectionId, entry);
      written.then(
        () => {
          entry.writtenAt = clock.now();
        },
        () => {},
      );
      tidy();
    },
    recent: () => [...kept.values()].filter(({ writtenAt }) => !isOver(writtenAt)),
  };
}
