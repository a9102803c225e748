import { collectDefaultMetrics, Registry } from "prom-client";

/** Every metric of ours starts with this (CONTRACT 8). */
export const METRIC_PREFIX = "meeshy_";

/** A registry with the process' own figures (CPU, memory, event loop) in it. */
export function createMetricsRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
