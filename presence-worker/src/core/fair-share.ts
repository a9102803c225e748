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
 * How many partitions may be without an owner because of a hand-over: each is dark until its next owner has
 * loaded it, and the more are loaded at once, the longer each takes.
 */
const HAND_OVER_AT_ONCE = 4;

/**
 * What `self` does next: claims what nobody alive owns until its share is full, releases what exceeds it, a
 * few at a time: the next ones only when the last ones were claimed.
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
  if (held.size > share) {
    const dark = holdings.filter(({ partition, owner }) => owner === null && !held.has(partition)).length;
    const surplus = Math.min(held.size - share, Math.max(0, HAND_OVER_AT_ONCE - dark));
    return { claim: own, release: [...held].sort((a, b) => b - a).slice(0, surplus) };
  }
  const living = new Set([...alive, self]);
  const free = holdings.filter(({ owner }) => owner === null || !(owner === self || living.has(owner)));
  const rank = [...living].sort().indexOf(self);
  const from = Math.floor((rank * holdings.length) / living.size);
  const order = ({ partition }: Holding) => (partition - from + holdings.length) % holdings.length;
  const claimable = free.sort((a, b) => order(a) - order(b)).map(({ partition }) => partition);
  return { claim: [...own, ...claimable.slice(0, Math.max(0, room))], release: [] };
}
