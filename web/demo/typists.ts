/**
 * Who types in one conversation. Notices only say that someone does: each holds for a while, and until the person's
 * message comes.
 */
export interface Typists {
  /** ids, those who began first first; the same array until it changes */
  ids: readonly string[];
  /** when each notice ends, ms of the caller's clock */
  until: ReadonlyMap<string, number>;
}

export const NO_TYPISTS: Typists = { ids: [], until: new Map() };

/** A notice comes every 3 s at most (CONTRACT 4); one that is a little late leaves no gap. */
export const SHOWN_MS = 5_000;

export function withTypist({ until }: Typists, userId: string, now: number): Typists {
  return typistsOf(new Map([...until, [userId, now + SHOWN_MS]]));
}

/** Without those whose notice has ended, and without `author`, whose message has come. */
export function stillTyping(typists: Typists, now: number, author?: string): Typists {
  const left = [...typists.until].filter(([userId, end]) => end > now && userId !== author);
  return left.length === typists.ids.length ? typists : typistsOf(new Map(left));
}

/** When the next notice ends; Infinity: there is none. */
export const nextEnd = ({ until }: Typists): number => Math.min(...until.values());

const typistsOf = (until: ReadonlyMap<string, number>): Typists => ({ ids: [...until.keys()], until });
