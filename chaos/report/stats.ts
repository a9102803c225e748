/** What reports say of many figures. Ours, since the quantile of `simple-statistics` may be a value that nothing had. */

/** The value below which `share` (0 … 1) of the values lie; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const high = sorted[upper] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[upper - 1] ?? Number.NaN) + high) / 2;
}

/** `[least, greatest]`. */
export function spread(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** `p50 ms`, `p95 ms`, `p99 ms` and `max ms` of durations in ms. */
export function durations(values: readonly number[]): Record<string, number> {
  return {
    "p50 ms": percentile(values, 0.5),
    "p95 ms": percentile(values, 0.95),
    "p99 ms": percentile(values, 0.99),
    "max ms": Math.max(...values),
  };
}
