/** How far the log may be trimmed: what no partition needs any more, and some time longer (ADR 0014). Pure. */

/** What a look at the leases shows; times by this process' monotonic clock, ms. */
interface Sighting {
  now: number;
  /** the log position of every partition's checkpoint; null: one of them is missing, unreadable or of another epoch */
  checkpoints: readonly number[] | null;
}

/** The lowest checkpoint as it was at a time. */
interface Mark {
  at: number;
  seq: number;
}

export interface Trimmer {
  /**
   * Takes note of the checkpoints; gives the sequence below which the log is not needed: the lowest checkpoint as it
   * was at least `keptMs` ago. `undefined`: nothing (more) may go.
   */
  look(sighting: Sighting): number | undefined;
}

export function createTrimmer(keptMs: number): Trimmer {
  let marks: Mark[] = [];
  let trimmedBelow = 0;
  return {
    look({ now, checkpoints }) {
      const lowest = checkpoints === null ? 0 : Math.min(...checkpoints);
      // Positions that go back are those of another log: the marks of the former do not apply.
      if (checkpoints === null || lowest < (marks.at(-1)?.seq ?? 0)) {
        marks = [];
        trimmedBelow = 0;
        return undefined;
      }
      marks.push({ at: now, seq: lowest });
      const old = marks.filter(({ at }) => now - at >= keptMs);
      marks = marks.slice(Math.max(0, old.length - 1));
      const below = old.at(-1)?.seq ?? 0;
      if (below <= trimmedBelow) return undefined;
      trimmedBelow = below;
      return below;
    },
  };
}
