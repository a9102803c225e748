/**
 * How long an answer is waited for: half as long again as the fastest of the last answers took, late ones included. A
 * fixed time would be wrong on a slow link: every answer would come too late, and everything would be asked again and
 * again. The fastest counts, since an election makes many answers late and the link no slower: its end shall be
 * noticed soon.
 */
export interface Patience {
  /** ms after which an answer counts as lost */
  ms(): number;
  /** An answer took so long. */
  answered(ms: number): void;
}

const MIN_PATIENCE_MS = 1_000;
const MOST_PATIENCE_MS = 5_000;
const MEASURED = 16;

/** Gives 1,000 to 5,000 ms, by the 16 last answers; 1,000 before the first. */
export function createPatience(): Patience {
  const took: number[] = [];
  return {
    ms() {
      const measured = took.length === 0 ? 0 : 1.5 * Math.min(...took);
      return Math.min(MOST_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, measured));
    },
    answered(ms) {
      took.push(ms);
      if (took.length > MEASURED) took.shift();
    },
  };
}
