import { collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** Every metric of ours starts with this (CONTRACT 8). */
export const METRIC_PREFIX = "meeshy_";

const LOOK_EVERY_MS = 100;

/** A registry with the process' own figures (CPU, memory, event loop) in it. */
export function createMetricsRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  measureEventLoop(registry);
  return registry;
}

/** Ten samples a second in a histogram: unlike a maximum since the last question, it is right for any number of askers. */
function measureEventLoop(registry: Registry): void {
  const delay = new Histogram({
    name: `${METRIC_PREFIX}event_loop_delay_seconds`,
    help: "By how much a timer of this process comes late, ten times a second",
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers: [registry],
  });
  let due = performance.now() + LOOK_EVERY_MS;
  setInterval(() => {
    const now = performance.now();
    delay.observe(Math.max(0, now - due) / 1_000);
    due = now + LOOK_EVERY_MS;
  }, LOOK_EVERY_MS).unref();
}
