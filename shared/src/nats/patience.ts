import type { Clock } from "../ports/clock.ts";

/**
 * How long an answer is waited for. The time that answers take is measured, as TCP does it (RFC 6298), and each loss
 * without an answer in between doubles it. A fixed time would be wrong on a slow link: every answer would come too
 * late, and everything would be asked again and again.
 */
export interface Patience {
  /** ms after which an answer that is asked for now counts as lost */
  ms(): number;
  /** An answer took so long. */
  answered(ms: number): void;
  /** What was asked at `askedAt` got no answer in time. */
  missed(askedAt: number): void;
  /** The link broke: losses say nothing about the time any more. */
  reset(): void;
}

export const MIN_PATIENCE_MS = 1_000;

export function createPatience(clock: Clock, mostMs: number): Patience {
  let mean: number | undefined;
  let deviation = 0;
  let backOff = 1;
  let missedAt = Number.NEGATIVE_INFINITY;
  return {
    ms() {
      const measured = mean === undefined ? 0 : mean + 4 * deviation;
      return Math.min(mostMs, Math.max(MIN_PATIENCE_MS, measured) * backOff);
    },
    answered(ms) {
      backOff = 1;
      deviation = mean === undefined ? ms / 2 : deviation + (Math.abs(ms - mean) - deviation) / 4;
      mean = mean === undefined ? ms : mean + (ms - mean) / 8;
    },
    missed(askedAt) {
      // Of those that were asked before the last loss showed, none says anything new about the time.
      if (askedAt < missedAt) return;
      missedAt = clock.now();
      backOff = Math.min(backOff * 2, mostMs / MIN_PATIENCE_MS);
    },
    reset() {
      backOff = 1;
    },
  };
}
