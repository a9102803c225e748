import { METRIC_PREFIX } from "@meeshy/shared/runtime/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The gateway's own metrics (CONTRACT 8). None carries a user id. */
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

export function createGatewayMetrics(registry: Registry) {
  const named = (name: string, help: string) => ({ name: METRIC_PREFIX + name, help, registers: [registry] });
  return {
    broadcasts: new Counter(
      named("user_status_broadcasts_total", "Status changes emitted to viewers by this gateway"),
    ),
    broadcastLatency: new Histogram({
      ...named(
        "broadcast_latency_seconds",
        "Broker time of a change's cause to its emit; two clocks, so small values carry their difference",
      ),
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    }),
    authRequests: new Counter({
      ...named("auth_requests_total", "Handshakes and REST requests authenticated or refused"),
      labelNames: ["result"] as const,
    }),
    throttled: new Counter({
      ...named(
        "throttled_requests_total",
        "Activities that were not worth a message in the log; connects, requests and events beyond their rate",
      ),
      labelNames: ["what"] as const,
    }),
    events: new Counter({
      ...named("events_total", "Events handed to the log"),
      labelNames: ["type"] as const,
    }),
    logRefused: new Counter({
      ...named(
        "log_messages_refused_total",
        "Events that the log does not take: larger than a message may be",
      ),
      labelNames: ["reason"] as const,
    }),
    connections: new Gauge(named("connections", "Open connections")),
    stale: new Gauge(named("gateway_stale", "1 while this gateway's view of statuses may be out of date")),
    admissionRefused: new Counter(
      named("admission_refused_total", "Connects refused because too many came at once, or while stopping"),
    ),
    rejectedStatuses: new Counter(
      named("status_messages_rejected_total", "Status messages that could not be read and were set aside"),
    ),
  };
}
