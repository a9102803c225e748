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

/**
 * Silence of others counts only while this worker's self-check passes: its own heartbeat comes back over the board.
 * The check fails after half a lease, well before others, whose heartbeats stopped arriving at the same moment, look
 * dead. After such a gap each worker that was alive before it gets one lease to send a heartbeat; a dead one stays dead.
 */
export function createLiveMembers(self: string): LiveMembers {
  let receivingSince: number | null = null;
  let lastAlive: ReadonlySet<string> = new Set();
  return {
    list(now, signs) {
      const own = signs.find(({ id }) => id === self);
      if (own === undefined || now - own.changedAt > own.leaseMs / 2) {
        receivingSince = null;
        return null;
      }
      receivingSince ??= now;
      const receivingFor = now - receivingSince;
      const alive = signs
        .filter(
          ({ id, changedAt, leaseMs }) =>
            now - changedAt <= leaseMs || (receivingFor <= leaseMs && lastAlive.has(id)),
        )
        .map(({ id }) => id);
      lastAlive = new Set(alive);
      return alive;
    },
  };
}
