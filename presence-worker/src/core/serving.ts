/**
 * Whether a partition that this worker owns is processed now (ADR 0016). Pure; moments are this process' own monotonic
 * ms, and an age is the difference of two readings of the broker's clock: no two clocks are compared.
 */

/** The last message of the partition that was applied. */
export interface Applied {
  at: number;
  /** how old it was then; 0 for the last one there was */
  ageMs: number;
}

export interface ServingSigns {
  now: number;
  leaseMs: number;
  /** its log has been read to the end once */
  isCaughtUp: boolean;
  applied: Applied | undefined;
  /** since when this process has run without standing still */
  runsSince: number;
  /** when the last question began whose answer the broker has sent behind all that it had to send */
  receivedUpTo: number;
  /** sweepers write into every partition twice a second */
  areSweepersRunning: boolean;
}

/** How many leases a partition may go without a sign that it is processed. */
const LEASES_WITHOUT_SIGN = 2;
/** Longer than a message that was received waits to be applied. */
const APPLIED_WITHIN_MS = 150;

export function isServing(signs: ServingSigns): boolean {
  const { now, leaseMs, isCaughtUp, applied, runsSince, receivedUpTo, areSweepersRunning } = signs;
  if (!isCaughtUp) return false;
  const lastSign = Math.max(applied?.at ?? 0, runsSince);
  // Silence is that of the log where no sweeper writes; otherwise messages are missing here.
  if (now - lastSign > LEASES_WITHOUT_SIGN * leaseMs) return !areSweepersRunning;
  if (applied === undefined) return true;
  // What it had before it stood still says nothing of what has come since.
  if (applied.at >= runsSince && applied.ageMs <= leaseMs) return true;
  return receivedUpTo > lastSign && now - lastSign > APPLIED_WITHIN_MS;
}
