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
 * What `self` does next: claims what nobody alive owns until its share is full, releases what exceeds it.
 * A partition that names `self` but is not held is claimed in any case: a claim that was given up may have
 * been stored after all, and nobody else would touch it. Claims start at a place of its own, so workers
 * seldom collide.
 */
export function plan(
  self: string,
  alive: readonly string[],
  holdings: readonly Holding[],
  held: ReadonlySet<number>,
): Plan {
  const share = shareOf(self, alive, holdings.length);
  const own = holdings
    .filter(({ partition, owner }) => owner === self && !held.has(partition))
    .map(({ partition }) => partition);
  const room = share - held.size - own.length;
  if (held.size > share)
    return { claim: own, release: [...held].sort((a, b) => b - a).slice(0, held.size - share) };
  const living = new Set([...alive, self]);
  const free = holdings.filter(({ owner }) => owner === null || !(owner === self || living.has(owner)));
  const rank = [...living].sort().indexOf(self);
  const from = Math.floor((rank * holdings.length) / living.size);
  const order = ({ partition }: Holding) => (partition - from + holdings.length) % holdings.length;
  const claimable = free.sort((a, b) => order(a) - order(b)).map(({ partition }) => partition);
  return { claim: [...own, ...claimable.slice(0, Math.max(0, room))], release: [] };
}
