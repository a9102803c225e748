/** Stretches of time, half open: `from` belongs to it, `to` does not. Milliseconds of the driver's monotonic clock. */
export interface Interval {
  from: number;
  to: number;
}

/** Sorted, disjoint and without empty members, as every function here returns them. */
export type Intervals = readonly Interval[];

/** What at least one of them covers. */
export function union(intervals: Iterable<Interval>): Interval[] {
  const merged: Interval[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    if (to <= from) continue;
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** What both cover. */
export function intersect(a: Intervals, b: Intervals): Interval[] {
  const common: Interval[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i] as Interval;
    const y = b[j] as Interval;
    const from = Math.max(x.from, y.from);
    const to = Math.min(x.to, y.to);
    if (from < to) common.push({ from, to });
    if (x.to < y.to) i++;
    else j++;
  }
  return common;
}

/** What `a` covers and `b` does not. */
export function subtract(a: Intervals, b: Intervals): Interval[] {
  return intersect(a, complement(b));
}

/** What none of them covers. */
export function complement(intervals: Intervals): Interval[] {
  const gaps: Interval[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const interval of intervals) {
    if (from < interval.from) gaps.push({ from, to: interval.from });
    from = interval.to;
  }
  if (from < Number.POSITIVE_INFINITY) gaps.push({ from, to: Number.POSITIVE_INFINITY });
  return gaps;
}

/** Whether all of `from` to `to`, both included, is covered. */
export function covers(intervals: Intervals, from: number, to: number): boolean {
  return intervals.some((interval) => interval.from <= from && to < interval.to);
}
