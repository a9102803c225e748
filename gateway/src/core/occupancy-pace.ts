/** When a large room hears of its occupancy: at most once in 5 s, and only of what it has not heard (CONTRACT 4). */

export interface Counts {
  online: number;
  total: number;
}

/** What the room was told last, and when (monotonic ms). */
export interface ToldCounts extends Counts {
  at: number;
}

export const OCCUPANCY_INTERVAL_MS = 5_000;

/** In how many ms the counts are to be told; `undefined`: they are known. */
export function occupancyDueIn(counts: Counts, told: ToldCounts, now: number): number | undefined {
  if (counts.online === told.online && counts.total === told.total) return undefined;
  return Math.max(0, told.at + OCCUPANCY_INTERVAL_MS - now);
}
