import type { Clock } from "@meeshy/shared/ports/clock";

/** Calls its members back every half second, several at a time. */
export interface RoundTimer {
  /** Begins to call back for this partition; returns the function that ends it. */
  join(partition: number, begin: () => void): () => void;
  stop(): void;
}

const ROUND_MS = 500;
/**
 * A handful of partitions begin their rounds together: what they write leaves in one piece and is acknowledged in
 * few, which at low rates is most of its cost. All at once would hold up the statuses of a busy worker.
 */
const TURNS = 8;

export function createRoundTimer(clock: Clock): RoundTimer {
  const turns = Array.from({ length: TURNS }, () => new Set<() => void>());
  let turn = 0;
  const timer = clock.every(ROUND_MS / TURNS, () => {
    for (const begin of turns[turn++ % TURNS] ?? []) begin();
  });
  return {
    join(partition, begin) {
      const members = turns[partition % TURNS];
      members?.add(begin);
      return () => void members?.delete(begin);
    },
    stop: () => timer.cancel(),
  };
}
