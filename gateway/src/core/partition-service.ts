/**
 * Which partitions are not processed, and for how long already (ADR 0016). Pure: every time is this process' own
 * monotonic clock, ms.
 *
 * Only time in which this gateway receives the lease board counts: while it does not, nothing is known, and nothing is
 * held against the workers. A partition counts as processed when that is not known, since workers of an earlier release
 * say less.
 */

/** What the lease board says of a partition. */
export interface Holding {
  partition: number;
  /** null: there is none; `undefined`: not known, since the entry cannot be read */
  owner: string | null | undefined;
}

/** What the lease board says of a worker. */
export interface WorkerSign {
  /** when its heartbeat was last seen to change */
  changedAt: number;
  /** for how long its process may be silent */
  leaseMs: number;
  /** partitions that it says it does not process; `undefined`: it says nothing */
  unserved: readonly number[] | undefined;
}

export function unservedPartitions(
  now: number,
  holdings: readonly Holding[],
  workers: ReadonlyMap<string, WorkerSign>,
): number[] {
  const isServed = ({ partition, owner }: Holding) => {
    if (owner === undefined) return true;
    const sign = owner === null ? undefined : workers.get(owner);
    return sign !== undefined && now - sign.changedAt <= sign.leaseMs && !sign.unserved?.includes(partition);
  };
  return holdings.filter((holding) => !isServed(holding)).map(({ partition }) => partition);
}

export interface Service {
  at: number;
  /** each partition that is not processed, with for how long, ms */
  unserved: ReadonlyMap<number, number>;
}

/** What of the time between two looks counts: this process may have stood still in the rest. */
const LOOK_MOST_MS = 1_000;

interface Look {
  now: number;
  isReceiving: boolean;
  unserved: readonly number[];
}

/**
 * The state after one more look; `undefined` before the first. At the first one a partition counts as without service
 * for `atFirstMs`: nothing was shown before it that needs to be spared a short break.
 */
export function observeService(
  before: Service | undefined,
  { now, isReceiving, unserved }: Look,
  { atFirstMs }: { atFirstMs: number },
): Service | undefined {
  if (!isReceiving) return before && { ...before, at: now };
  const lasting = (partition: number): number => {
    if (before === undefined) return atFirstMs;
    const known = before.unserved.get(partition);
    return known === undefined ? 0 : known + Math.min(LOOK_MOST_MS, now - before.at);
  };
  return { at: now, unserved: new Map(unserved.map((partition) => [partition, lasting(partition)])) };
}
