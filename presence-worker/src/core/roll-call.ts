/** Which workers are alive, as one of them sees it on the board. Times are its own monotonic ms. */

export interface Sign {
  id: string;
  /** when the heartbeat was last seen to change */
  changedAt: number;
  /** for how long its process may be silent, ms */
  leaseMs: number;
}

export interface RollCall {
  /** Those alive, oneself included; null while this worker cannot tell. */
  call(now: number, signs: readonly Sign[]): string[] | null;
}

/**
 * Silence of others counts only while this worker proves to itself that it can hear: its own heartbeat comes
 * back over the board. It takes itself for deaf after half a lease, well before the others, who fell silent
 * at the same moment, look dead. After such a gap whoever was alive before it gets one lease to be heard
 * again; whoever was dead stays so.
 */
export function createRollCall(self: string): RollCall {
  let hearingSince: number | null = null;
  let lastHeard: ReadonlySet<string> = new Set();
  return {
    call(now, signs) {
      const own = signs.find(({ id }) => id === self);
      if (own === undefined || now - own.changedAt > own.leaseMs / 2) {
        hearingSince = null;
        return null;
      }
      hearingSince ??= now;
      const heardFor = now - hearingSince;
      const alive = signs
        .filter(
          ({ id, changedAt, leaseMs }) =>
            now - changedAt <= leaseMs || (heardFor <= leaseMs && lastHeard.has(id)),
        )
        .map(({ id }) => id);
      lastHeard = new Set(alive);
      return alive;
    },
  };
}
