/** Who should own how many partitions, decided alike by every worker from the same board. */

/** Partitions for `self` among the workers alive: shares differ by at most one and add up to all. */
export function shareOf(self: string, alive: readonly string[], partitions: number): number {
  const workers = [...new Set([...alive, self])].sort();
  const rank = workers.indexOf(self);
  return Math.floor(partitions / workers.length) + (rank < partitions % workers.length ? 1 : 0);
}

export interface Holding {
  partition: number;
  /** null: released or never owned */
  owner: string | null;
}

export interface Plan {
  claim: number[];
  release: number[];
}

/**
 * What `self` does next: claims what nobody alive owns until its share is full (what it owned before
 * first), releases what exceeds its share. Claims start at a place of its own, so workers seldom collide.
 */
export function plan(
  self: string,
  alive: readonly string[],
  holdings: readonly Holding[],
  held: ReadonlySet<number>,
): Plan {
  const share = shareOf(self, alive, holdings.length);
  const excess = held.size - share;
  if (excess > 0) return { claim: [], release: [...held].sort((a, b) => b - a).slice(0, excess) };
  const living = new Set([...alive, self]);
  const free = holdings.filter(
    ({ partition, owner }) =>
      !held.has(partition) && (owner === null || owner === self || !living.has(owner)),
  );
  const rank = [...living].sort().indexOf(self);
  const from = Math.floor((rank * holdings.length) / living.size);
  const order = (holding: Holding) =>
    (holding.owner === self ? -holdings.length : 0) +
    ((holding.partition - from + holdings.length) % holdings.length);
  return {
    claim: free
      .sort((a, b) => order(a) - order(b))
      .slice(0, -excess)
      .map(({ partition }) => partition),
    release: [],
  };
}
