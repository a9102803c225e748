/** Which workers are alive, as one of them sees it on the board. Times are its own monotonic ms. */

interface Sign {
  id: string;
  /** when the heartbeat was last seen to change */
  changedAt: number;
  /** for how long its process may be silent, ms */
  leaseMs: number;
}

export interface LiveMembers {
  /** The ids of those alive, the own included; null while the self-check fails. */
  list(now: number, signs: readonly Sign[]): string[] | null;
}

/** A worker that was alive before a gap, and has not been heard since. */
interface Grace {
  /** of its last heartbeat */
  changedAt: number;
  /** for how long the self-check has passed since the gap, further gaps left out, ms */
  usedMs: number;
}

/**
 * Silence of others counts only while this worker's self-check passes: its own heartbeat comes back over the board.
 * The check fails after half a lease, well before others, whose heartbeats stopped arriving at the same moment, look
 * dead. After such a gap each worker that was alive before it gets one lease to send a heartbeat, and further gaps
 * prolong that by no more than themselves: a worker that is held up again and again, as by what a dead one has left to
 * it, would otherwise take over nothing. A dead one stays dead.
 */
export function createLiveMembers(self: string): LiveMembers {
  /** when the self-check has passed last; null: it failed then */
  let passedAt: number | null = null;
  let lastAlive: ReadonlySet<string> = new Set();
  let graces = new Map<string, Grace>();

  /** After a gap: what was granted goes on, all others who were alive get a lease. */
  const grant = (signs: readonly Sign[]) => {
    const before = graces;
    graces = new Map();
    for (const { id, changedAt } of signs) {
      const granted = before.get(id);
      if (granted?.changedAt === changedAt) graces.set(id, granted);
      else if (lastAlive.has(id)) graces.set(id, { changedAt, usedMs: 0 });
    }
  };
  const isWithinGrace = ({ id, changedAt, leaseMs }: Sign, passedForMs: number): boolean => {
    const grace = graces.get(id);
    if (grace === undefined) return false;
    grace.usedMs += passedForMs;
    const isGranted = grace.changedAt === changedAt && grace.usedMs <= leaseMs;
    if (!isGranted) graces.delete(id);
    return isGranted;
  };

  return {
    list(now, signs) {
      const own = signs.find(({ id }) => id === self);
      if (own === undefined || now - own.changedAt > own.leaseMs / 2) {
        passedAt = null;
        return null;
      }
      if (passedAt === null) grant(signs);
      const passedForMs = passedAt === null ? 0 : now - passedAt;
      passedAt = now;
      const alive = signs
        .filter((sign) => {
          const isGranted = isWithinGrace(sign, passedForMs);
          return isGranted || now - sign.changedAt <= sign.leaseMs;
        })
        .map(({ id }) => id);
      lastAlive = new Set(alive);
      return alive;
    },
  };
}
