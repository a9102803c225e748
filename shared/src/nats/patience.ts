/**
 * How long an answer is waited for. The time that answers take, late ones included, is measured, as TCP does it
 * (RFC 6298). A fixed time would be wrong on a slow link: every answer would come too late, and everything would be
 * asked again and again. A loss alone does not lengthen it: while a cluster elects a leader nothing is answered, and
 * its end shall be noticed soon.
 */
export interface Patience {
  /** ms after which an answer that is asked for now counts as lost */
  ms(): number;
  /** An answer took so long. */
  answered(ms: number): void;
}

const MIN_PATIENCE_MS = 1_000;
const MOST_PATIENCE_MS = 30_000;

export function createPatience(): Patience {
  let mean: number | undefined;
  let deviation = 0;
  return {
    ms() {
      const measured = mean === undefined ? 0 : mean + 4 * deviation;
      return Math.min(MOST_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, measured));
    },
    answered(ms) {
      deviation = mean === undefined ? ms / 2 : deviation + (Math.abs(ms - mean) - deviation) / 4;
      mean = mean === undefined ? ms : mean + (ms - mean) / 8;
    },
  };
}
