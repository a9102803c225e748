/** How many transitions came in each of the last seconds. */
export interface Rates {
  add(now: number): void;
  /** Counts of the last `seconds` whole seconds before `now`, oldest first. */
  last(seconds: number, now: number): number[];
}

/** `keepS`: how many seconds are remembered. */
export function createRates(keepS: number): Rates {
  const counts = new Map<number, number>();
  const forget = (second: number) => {
    for (const known of counts.keys()) {
      if (known >= second - keepS) return;
      counts.delete(known);
    }
  };
  return {
    add(now) {
      const second = secondOf(now);
      counts.set(second, (counts.get(second) ?? 0) + 1);
      forget(second);
    },
    last(seconds, now) {
      const end = secondOf(now);
      return Array.from({ length: seconds }, (_, index) => counts.get(end - seconds + index) ?? 0);
    },
  };
}

const secondOf = (now: number): number => Math.floor(now / 1_000);

/** Points of a line plot of `counts`, as SVG writes them; the highest count touches the top. */
export function plotPoints(counts: readonly number[], width: number, height: number): string {
  const top = Math.max(1, ...counts);
  const step = counts.length > 1 ? width / (counts.length - 1) : 0;
  return counts
    .map((count, index) => `${round(index * step)},${round(height - (count / top) * height)}`)
    .join(" ");
}

const round = (figure: number): number => Math.round(figure * 10) / 10;
