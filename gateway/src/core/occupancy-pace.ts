/** When a large room receives its occupancy: at most once in 5 s, and only when it has changed (CONTRACT 4). */

export interface Counts {
  online: number;
  total: number;
}

/** The counts that the room received last, and when (monotonic ms). */
export interface SentCounts extends Counts {
  at: number;
}

const OCCUPANCY_INTERVAL_MS = 5_000;

/** In how many ms the counts are to be sent; `undefined`: the room has them. */
export function occupancyDueIn(counts: Counts, sent: SentCounts, now: number): number | undefined {
  if (counts.online === sent.online && counts.total === sent.total) return undefined;
  return Math.max(0, sent.at + OCCUPANCY_INTERVAL_MS - now);
}
