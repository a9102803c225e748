/** Which worker should own how many partitions: every worker decides the same from the same board. */

/** Partitions for `self` among the workers alive: shares differ by at most one and add up to all. */
export function shareOf(self: string, alive: readonly string[], partitions: number): number {
  const workers = [...new Set([...alive, self])].sort();
  const rank = workers.indexOf(self);
  return Math.floor(partitions / workers.length) + (rank < partitions % workers.length ? 1 : 0);
}

export interface Holding {
  partition: number;
  /** null: released or never owned; undefined: not readable, so owned by an unknown worker and left alone */
  owner: string | null | undefined;
}

export interface Plan {
  claim: number[];
  release: number[];
  /** what workers have left behind that are no longer alive */
  orphans: number[];
}

/**
 * How many partitions may be without an owner because of a hand-over: each is dark until its next owner has
 * loaded it, and the more are loaded at once, the longer each takes.
 */
const HAND_OVER_AT_ONCE = 4;

/**
 * What `self` does next. A dead worker's partitions come before fairness: each of the living takes its part
 * of them at once, and `lingering`, those that were orphans at its last look already, in any case, since not
 * all workers declare one dead at the same moment. Then `self` claims what was released until its share is
 * full, or gives up what exceeds it, a few at a time: the next ones only when the last ones were claimed.
 * A partition that names `self` but is not held is claimed in any case: a claim that was given up may have
 * been stored after all, and no other worker would claim it. Claims start at a place of its own, so workers
 * seldom collide.
 */
export function plan(
  self: string,
  alive: readonly string[],
  holdings: readonly Holding[],
  held: ReadonlySet<number>,
  lingering: ReadonlySet<number> = new Set(),
): Plan {
  const living = [...new Set([...alive, self])].sort();
  const rank = living.indexOf(self);
  const share = shareOf(self, alive, holdings.length);
  const partitions = (wanted: (holding: Holding) => boolean) =>
    holdings.filter((holding) => !held.has(holding.partition) && wanted(holding)).map((it) => it.partition);

  const own = partitions(({ owner }) => owner === self);
  const orphans = partitions(({ owner }) => typeof owner === "string" && !living.includes(owner));
  const adopted = orphans.filter((p) => p % living.length === rank || lingering.has(p));
  const released = partitions(({ owner }) => owner === null);
  const claim = [...own, ...adopted];

  if (held.size > share) {
    const surplus = Math.min(held.size - share, Math.max(0, HAND_OVER_AT_ONCE - released.length));
    const release = [...held].sort((a, b) => b - a).slice(0, orphans.length > 0 ? 0 : surplus);
    return { claim, release, orphans };
  }
  const from = Math.floor((rank * holdings.length) / living.length);
  const distance = (partition: number) => (partition - from + holdings.length) % holdings.length;
  const room = Math.max(0, share - held.size - claim.length);
  claim.push(...released.sort((a, b) => distance(a) - distance(b)).slice(0, room));
  return { claim, release: [], orphans };
}
