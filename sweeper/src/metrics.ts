import { METRIC_PREFIX } from "@meeshy/shared/runtime/metrics";
import { Gauge, type Registry } from "prom-client";

/** The sweeper's own figures (CONTRACT 8). */
export interface SweeperMetrics {
  paused: Gauge;
  lastCleanup: Gauge;
  logBytes: Gauge;
  logMaxBytes: Gauge;
}

export function createSweeperMetrics(registry: Registry): SweeperMetrics {
  const registers = [registry];
  return {
    paused: new Gauge({
      name: `${METRIC_PREFIX}sweeper_paused`,
      help: "1 while the sweeper writes no timeouts and judges no gateway, since its self-check fails or gateways are given time",
      registers,
    }),
    lastCleanup: new Gauge({
      name: `${METRIC_PREFIX}last_cleanup_timestamp`,
      help: "Time of the last sweep of the database, unix seconds",
      registers,
    }),
    logBytes: new Gauge({
      name: `${METRIC_PREFIX}log_bytes`,
      help: "What the log takes on the broker, as last looked at",
      registers,
    }),
    logMaxBytes: new Gauge({
      name: `${METRIC_PREFIX}log_max_bytes`,
      help: "What the log may take before its oldest messages go; -1: any size",
      registers,
    }),
  };
}
