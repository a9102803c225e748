import type { ErrorBody } from "./wire.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * Milliseconds to wait after the `attempt`th refusal in a row (from 1) of a handshake that may be tried again: what
 * the server gives, which has spread its callers already, else doubling, with `random` (0 to 1) spreading them here.
 */
export function retryDelay(error: ErrorBody, attempt: number, random: number): number {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs;
  const ceiling = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS);
  return ceiling * (0.5 + random / 2);
}
