/** How fast connections are let in, and when one is refused (ARCHITECTURE "gateway", admission). */

export const RATE_MIN = 100;
export const RATE_MAX = 5_000;
export const RATE_START = 500;

/** The event loop's longest delay that the others should not be made to feel, and one that leaves room for more. */
const DELAY_HIGH_MS = 50;
const DELAY_LOW_MS = 25;
const SLOWER = 0.7;
const FASTER = 1.15;

/** No handshake waits longer than this to be admitted. */
export const WAIT_MAX_MS = 5_000;
export const WAITING_MAX = 5_000;
/** Refused clients come back within this, each at a time of its own. */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MIN_MS = 2_000;

/** Connects a second, after a while in which `delayMs` was the event loop's longest delay and some were held up or none. */
export function adaptRate(rate: number, { delayMs, isHeld }: { delayMs: number; isHeld: boolean }): number {
  if (delayMs > DELAY_HIGH_MS) return Math.max(RATE_MIN, rate * SLOWER);
  if (delayMs < DELAY_LOW_MS && isHeld) return Math.min(RATE_MAX, rate * FASTER);
  return rate;
}

/** Whether one more may wait behind `waiting` others, who are let in at `rate` a second. */
export function mayWait(waiting: number, rate: number): boolean {
  return waiting < WAITING_MAX && (waiting / rate) * 1_000 < WAIT_MAX_MS;
}

/** When a refused client is to come back, in ms: spread over the time that those who wait take; `random` in [0, 1). */
export function retryAfter(waiting: number, rate: number, random: number): number {
  const spread = Math.max(RETRY_SPREAD_MIN_MS, Math.min(WAIT_MAX_MS, (waiting / rate) * 1_000));
  return Math.round(RETRY_MIN_MS + random * spread);
}
