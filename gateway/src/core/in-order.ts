/**
 * Puts messages that carry consecutive sequences back in order. What comes after a gap is held until the
 * gap has been read elsewhere.
 */
export interface InOrder<T> {
  /** sequence up to which everything has been passed on */
  seen(): number;
  /** Keeps a message that is not the next one; a known one is dropped. */
  hold(seq: number, message: T): void;
  /** Everything up to `seq` has been passed on by other means. */
  advance(seq: number): void;
  /** The held messages that have become the next ones, in order; known ones are dropped. */
  release(): { seq: number; message: T }[];
  /** the highest sequence held; 0: none */
  highestHeld(): number;
  /** Starts again behind `seq`. */
  reset(seq: number): void;
  dropHeld(): void;
}

/** `maxHeld`: beyond it all that is held is dropped, to be read elsewhere. */
export function createInOrder<T>({ maxHeld }: { maxHeld: number }): InOrder<T> {
  const held = new Map<number, T>();
  let seen = 0;
  return {
    seen: () => seen,
    hold(seq, message) {
      if (seq <= seen) return;
      if (held.size >= maxHeld) held.clear();
      held.set(seq, message);
    },
    advance(seq) {
      seen = Math.max(seen, seq);
    },
    release() {
      const next: { seq: number; message: T }[] = [];
      for (const [seq, message] of [...held].sort(([a], [b]) => a - b)) {
        if (seq > seen + 1) break;
        held.delete(seq);
        if (seq <= seen) continue;
        next.push({ seq, message });
        seen = seq;
      }
      return next;
    },
    highestHeld() {
      let highest = 0;
      for (const seq of held.keys()) highest = Math.max(highest, seq);
      return highest;
    },
    reset(seq) {
      seen = seq;
    },
    dropHeld: () => held.clear(),
  };
}
