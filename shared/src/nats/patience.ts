/**
 * How long an answer is waited for. The time that answers take, late ones included, is measured, as TCP does it
 * (RFC 6298). A fixed time would be wrong on a slow link: every answer would come too late, and everything would be
 * asked again and again. After a loss twice as long is waited until something is answered, and no longer than that:
 * while a cluster elects a leader nothing is answered, and it shall be noticed soon when it is over.
 */
export interface Patience {
  /** ms after which an answer that is asked for now counts as lost */
  ms(): number;
  /** An answer took so long. */
  answered(ms: number): void;
  /** An answer did not come in time. */
  missed(): void;
  /** The link broke: losses say nothing about the time any more. */
  reset(): void;
}

const MIN_PATIENCE_MS = 1_000;
const BACK_OFF = 2;

export function createPatience(mostMs: number): Patience {
  let mean: number | undefined;
  let deviation = 0;
  let backOff = 1;
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
    missed() {
      backOff = BACK_OFF;
    },
    reset() {
      backOff = 1;
    },
  };
}
