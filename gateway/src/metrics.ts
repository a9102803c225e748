import { METRIC_PREFIX } from "@meeshy/shared/runtime/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { CANARY_CHANGES } from "./core/canary.ts";
import { STALE_REASONS } from "./core/staleness.ts";

/** The gateway's own metrics (CONTRACT 8). None carries a user id. */
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** What is counted by label, from the start: a series that begins with its first event has no rate for it. */
const INITIAL = {
  results: [
    "ok",
    "unauthorized",
    "token_expired",
    "session_expired",
    "account_disabled",
    "rate_limited",
    "unavailable",
  ],
  throttled: ["activity", "connect", "request", "entries", "event"],
  events: ["connected", "disconnected", "activity", "availability", "directory", "disconnect-all", "deleted"],
} as const;

export function createGatewayMetrics(registry: Registry) {
  const metrics = createInstruments(registry);
  for (const result of INITIAL.results) metrics.authRequests.inc({ result }, 0);
  for (const what of INITIAL.throttled) metrics.throttled.inc({ what }, 0);
  for (const type of INITIAL.events) metrics.events.inc({ type }, 0);
  for (const reason of STALE_REASONS) metrics.stale.set({ reason }, 0);
  for (const change of CANARY_CHANGES) metrics.canary.zero({ change });
  metrics.logRefused.inc({ reason: "oversize" }, 0);
  return metrics;
}

const namesIn = (registry: Registry) => (name: string, help: string) => ({
  name: METRIC_PREFIX + name,
  help,
  registers: [registry],
});

/** Of the two canaries of this gateway (ADR 0027). */
function createCanaryInstruments(registry: Registry) {
  const named = namesIn(registry);
  return {
    canary: new Histogram({
      ...named(
        "canary_seconds",
        "Time from a canary's connect or leave until this gateway's viewers would see it, but for the write to their sockets",
      ),
      labelNames: ["change"] as const,
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.5, 1, 2, 5, 10, 30],
    }),
    canaryObserved: new Counter(
      named(
        "canary_observed_seconds_total",
        "Time for which canaries were compared with what is shown of them",
      ),
    ),
    falseOnline: new Counter(
      named(
        "false_online_seconds_total",
        "Time for which a canary was shown online more than a second after it had left",
      ),
    ),
    falseOffline: new Counter(
      named(
        "false_offline_seconds_total",
        "Time for which a canary was shown offline more than a second after it had connected",
      ),
    ),
  };
}

function createInstruments(registry: Registry) {
  const named = namesIn(registry);
  return {
    ...createCanaryInstruments(registry),
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
      ...named("events_total", "Events that this gateway was given to write into the log"),
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
    connectionsMax: new Gauge(
      named(
        "connections_max",
        "TCP connections at which no more clients are accepted, by the limit of open files",
      ),
    ),
    gatewayStale: new Gauge({
      ...named(
        "gateway_stale",
        "1 while this gateway's view of statuses may be out of date, for whatever reason",
      ),
      // Of several processes on a port one that is stale is enough; what else is measured adds up.
      aggregator: "max",
    }),
    stale: new Gauge({
      ...named("stale", "1 while this is a reason why this gateway's view of statuses may be out of date"),
      labelNames: ["reason"] as const,
      aggregator: "max",
    }),
    admissionRefused: new Counter(
      named(
        "admission_refused_total",
        "Connects refused because too many came at once, nothing could be written, no files were left, or while stopping",
      ),
    ),
    listsCut: new Counter({
      ...named(
        "lists_cut_total",
        "Lists of which the directory gave more than is read: people are shown less by it, never more",
      ),
      labelNames: ["list"] as const,
    }),
    chatDropped: new Counter(
      named(
        "chat_messages_dropped_total",
        "Chat messages that are stored, but were given up before they were known to reach other gateways: too many waited for NATS",
      ),
    ),
    rejectedStatuses: new Counter(
      named("status_messages_rejected_total", "Status messages that could not be read and were set aside"),
    ),
    tokenKeysRead: new Gauge({
      ...named(
        "token_keys_read_timestamp_seconds",
        "When the keys that verify tokens were last read from the identity provider, unix seconds; the start before that",
      ),
      labelNames: ["source"] as const,
      aggregator: "min",
    }),
    snapshotBytes: new Histogram({
      ...named("snapshot_bytes", "Size of a view, whole or partial, for each socket that was sent one"),
      buckets: [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576],
    }),
  };
}

/** What the gauges ask for when they are read; seconds and numbers. */
export interface GatewayFigures {
  /** events that wait to be in the log */
  backlog: number;
  /** how long the oldest write waits */
  backlogSeconds: number;
  /** how long ago the statuses were proved to be all that are stored */
  feedLagSeconds: number;
  /** partitions that no worker processes, as far as this gateway knows */
  partitionsUnserved: number;
  transports: { websocket: number; polling: number };
}

export function createGatewayGauges(registry: Registry, figures: () => GatewayFigures): void {
  const registers = [registry];
  const gauge = (
    suffix: string,
    help: string,
    aggregator: "sum" | "max",
    read: (now: GatewayFigures) => number,
  ) =>
    new Gauge({
      ...{ name: METRIC_PREFIX + suffix, help, registers, aggregator },
      collect() {
        this.set(read(figures()));
      },
    });
  gauge("publish_backlog_messages", "Events that wait to be in the log", "sum", ({ backlog }) => backlog);
  gauge(
    "publish_backlog_seconds",
    "For how long the oldest write of this gateway waits to be acknowledged",
    "max",
    ({ backlogSeconds }) => backlogSeconds,
  );
  gauge(
    "feed_lag_seconds",
    "Time since the statuses of this gateway were last proved to be all that are stored",
    "max",
    ({ feedLagSeconds }) => feedLagSeconds,
  );
  gauge(
    "partitions_unserved",
    "Partitions that no worker processes, as this gateway sees the leases",
    "max",
    ({ partitionsUnserved }) => partitionsUnserved,
  );
  new Gauge({
    name: `${METRIC_PREFIX}connections_by_transport`,
    help: "Open connections by the transport that they use now",
    labelNames: ["transport"],
    registers,
    collect() {
      for (const [transport, number] of Object.entries(figures().transports)) this.set({ transport }, number);
    },
  });
}
