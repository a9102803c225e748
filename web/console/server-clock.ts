/** The server's time, from the `Date` of its answers: deadlines count down rightly on an operator's wrong clock. */
export interface ServerClock {
  /** ms since 1970 */
  now(): number;
  /** Takes in a `Date` header, which has whole seconds; what is no date changes nothing. */
  sync(date: string): void;
}

/** Below this an operator's clock is left as it is: a header is that coarse, and answers take their time. ms. */
const TOLERANCE_MS = 2_000;

export function createServerClock(wall: () => number = Date.now): ServerClock {
  let offset = 0;
  return {
    now: () => wall() + offset,
    sync(date) {
      const difference = Date.parse(date) + 500 - wall();
      if (Math.abs(difference) < TOLERANCE_MS) offset = 0;
      else if (Math.abs(difference - offset) >= TOLERANCE_MS) offset = difference;
    },
  };
}
