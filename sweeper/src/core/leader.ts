/** What a sweeper's heartbeat shows; `changedAt`: when it was last seen to change, by this process' monotonic clock. */
export interface SweeperSign {
  id: string;
  changedAt: number;
  isRunning: boolean;
}

/** Three heartbeats: a sweeper silent for longer writes no timeouts, as far as the others can tell. */
const SILENT_MS = 1_500;

/**
 * Whether this sweeper writes the timeouts: of those that run and are heard, the one with the lowest id. Two that see
 * it differently for a moment both write, which does no harm.
 */
export const isLeader = (self: string, sweepers: readonly SweeperSign[], now: number): boolean =>
  !sweepers.some(({ id, changedAt, isRunning }) => id < self && isRunning && now - changedAt <= SILENT_MS);
