/**
 * Which lines of the history are new to those who follow it (CONTRACT 5, `GET /api/admin/transitions`). Owners of
 * partitions write independently of each other, so a line may be stored after one with a later date: each read begins
 * some seconds before the newest line, and what was seen is left out. Pure; times in ms.
 */

/** A place in the order of all lines. */
interface Place {
  at: number;
  userId: string;
  epoch: number;
  version: number;
}

export interface HistoryWindow<Line extends Place> {
  /** The next lines are those behind this place. */
  place(): Place;
  /** Notes the lines behind the place, and gives those that are new. `isFull`: there may be more, behind the last one. */
  take(lines: readonly Line[], isFull: boolean): Line[];
  /** From now on, and until {@link HistoryWindow.release}, reads begin no later than now: lines are late. */
  hold(): void;
  release(): void;
}

/** Lines are stored within two seconds while the database is up. */
export const OVERLAP_MS = 5_000;

/** `newestAt`: when the newest line was; null: there is none. */
export function createHistoryWindow<Line extends Place>(newestAt: number | null): HistoryWindow<Line> {
  let newest = newestAt ?? 0;
  let heldFrom: number | null = null;
  /** the last line of a read that was full */
  let reached: Place | null = null;
  /** when the lines were that are seen and may be read again */
  const seen = new Map<string, number>();

  const from = () => heldFrom ?? newest - OVERLAP_MS;
  const forget = () => {
    for (const [key, at] of seen) if (at < from()) seen.delete(key);
  };

  return {
    place: () => reached ?? { at: from(), userId: "", epoch: 0, version: 0 },
    take(lines, isFull) {
      const fresh = lines.filter((line) => !seen.has(keyOf(line)));
      for (const line of fresh) {
        seen.set(keyOf(line), line.at);
        newest = Math.max(newest, line.at);
      }
      reached = (isFull && lines.at(-1)) || null;
      if (reached === null) forget();
      return fresh;
    },
    hold() {
      heldFrom ??= newest - OVERLAP_MS;
    },
    release() {
      heldFrom = null;
    },
  };
}

const keyOf = ({ epoch, version, userId }: Place): string => `${epoch} ${version} ${userId}`;
