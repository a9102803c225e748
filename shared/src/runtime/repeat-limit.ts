/** How often the same line may be logged, so that a fault that lasts does not fill a disk. Pure; times are monotonic ms. */
export interface RepeatLimit {
  /** Whether this one passes; `withheld`: how many before it, since the last that passed, did not. */
  pass(line: string, now: number): { isPassed: boolean; withheld: number };
  /** The lines that were withheld and whose time is over, with how many; each is given once. */
  takeWithheld(now: number): { line: string; withheld: number }[];
}

export interface RepeatRules {
  /** lines of the same text that pass */
  most: number;
  /** in this time, from the first of them on */
  perMs: number;
}

/** Texts that are kept in mind. Beyond, everything is forgotten: some lines more are logged. */
const LINES_MAX = 1_000;

export function createRepeatLimit({ most, perMs }: RepeatRules): RepeatLimit {
  const seen = new Map<string, { since: number; passed: number; withheld: number }>();
  return {
    pass(line, now) {
      const known = seen.get(line);
      if (known === undefined || now - known.since >= perMs) {
        if (known === undefined && seen.size >= LINES_MAX) seen.clear();
        seen.set(line, { since: now, passed: 1, withheld: 0 });
        return { isPassed: true, withheld: known?.withheld ?? 0 };
      }
      const isPassed = known.passed < most;
      if (isPassed) known.passed++;
      else known.withheld++;
      return { isPassed, withheld: 0 };
    },
    takeWithheld(now) {
      const due = [...seen].filter(([, { since }]) => now - since >= perMs);
      for (const [line] of due) seen.delete(line);
      return due.flatMap(([line, { withheld }]) => (withheld > 0 ? [{ line, withheld }] : []));
    },
  };
}
