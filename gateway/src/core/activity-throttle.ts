/** When a sign of life is worth a message in the log (CONTRACT 2, `ACTIVITY_THROTTLE_MS`). */

export interface ShownVersion {
  isOnline: boolean;
  epoch: number;
  version: number;
}

/** The last activity of a user that this gateway let pass: when (monotonic ms) and what was shown then. */
export interface LastPass {
  at: number;
  epoch: number;
  version: number;
}

export interface ActivityCase {
  now: number;
  throttleMs: number;
  last: LastPass | undefined;
  /** what viewers are shown; `undefined`: nothing, which reads as offline */
  shown: ShownVersion | undefined;
}

/**
 * Whether an activity passes. One in `throttleMs` does, and one of a user who is not shown online, unless
 * nothing has been shown since the last that passed: its answer is still on the way, or changes nothing.
 */
export function passesThrottle({ now, throttleMs, last, shown }: ActivityCase): boolean {
  if (!last || now - last.at >= throttleMs) return true;
  if (shown?.isOnline) return false;
  return (shown?.epoch ?? 0) !== last.epoch || (shown?.version ?? 0) !== last.version;
}
