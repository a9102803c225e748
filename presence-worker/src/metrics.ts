import type { Clock } from "@meeshy/shared/ports/clock";
import type { PresenceWrite } from "@meeshy/shared/ports/presence-rows";
import { METRIC_PREFIX } from "@meeshy/shared/runtime/metrics";
import type { Cause } from "@meeshy/shared/status";
import { VERSIONS } from "@meeshy/shared/versions";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Effect } from "./core/effects.ts";
import type { Admission } from "./core/publishers.ts";
import type { LifecycleState, UserRecord } from "./core/record.ts";

type TransitionEffect = Extract<Effect, { type: "transition" }>;

/** The worker's figures (CONTRACT 8). */
export interface WorkerMetrics {
  event(type: string, admission: Admission): void;
  /** A message of the log was set aside. */
  refused(reason: "hole" | "unreadable"): void;
  /** A stored value, of this format, cannot be read. */
  unreadable(format: string): void;
  /** A publisher was informed that nothing more of its is accepted. */
  outOfStep(): void;
  /** `pinged`: the user's last connection had stopped answering pings */
  transition(effect: TransitionEffect, record: UserRecord, pinged: boolean): void;
  takeover(seconds: number): void;
  batch(rows: number, outcome: PresenceWrite): void;
  /** Something did not fit into a message of the broker's as a whole. */
  oversize(what: "record" | "status" | "checkpoint"): void;
  /** Lines of history that the database will not have. */
  historyDropped(lines: number): void;
  zombiesCleaned(): { total: number; lastMinute: number };
}

/** What the gauges ask for when they are read. */
export interface WorkerFigures {
  partitions: number;
  users: number;
  online: number;
  active: number;
  partitionLag: number;
  /** the greatest age, by the broker's clock, of the last message that a partition has applied */
  partitionLagSeconds: number;
  databaseLag: number;
}

const MINUTE_MS = 60_000;
const CLEANED: ReadonlyMap<string, string> = new Map([
  ["idle", "idle"],
  ["gateway-lost", "gateway lost"],
]);

/** What is counted by label, from the start: a series that begins with its first event has no rate for it. */
const INITIAL = {
  events: [
    "connected",
    "disconnected",
    "activity",
    "availability",
    "directory",
    "look",
    "disconnect-all",
    "deleted",
    "timeout",
    "gateway-lost",
  ],
  refused: ["hole", "unreadable"],
  oversize: ["record", "status", "checkpoint"],
  cleaned: [...CLEANED.values(), "ping timeout"],
} as const;
/** Changes of state with the causes that they have by default rules; others appear with their first occurrence. */
const TRANSITIONS: readonly [LifecycleState, LifecycleState, readonly Cause[]][] = [
  ["offline", "online", ["connect", "activity"]],
  ["online", "zombie", ["connection-lost", "gateway-lost", "idle"]],
  ["online", "offline", ["disconnect", "connection-lost", "gateway-lost", "admin"]],
  ["zombie", "online", ["connect", "activity"]],
  ["zombie", "offline", ["disconnect", "connection-lost", "gateway-lost", "idle", "admin"]],
];

function initialise(figure: ReturnType<typeof createInstruments>): void {
  for (const type of INITIAL.events) figure.events.inc({ type, admission: "accepted" }, 0);
  for (const reason of INITIAL.refused) figure.refused.inc({ reason }, 0);
  for (const what of INITIAL.oversize) figure.oversize.inc({ what }, 0);
  for (const cause of INITIAL.cleaned) figure.zombies.inc({ cause }, 0);
  for (const format of Object.keys(VERSIONS)) figure.unreadable.inc({ format }, 0);
  for (const [from, to, causes] of TRANSITIONS)
    for (const cause of causes) figure.transitions.inc({ from, to, cause }, 0);
}

export function createWorkerMetrics(
  registry: Registry,
  figures: () => WorkerFigures,
  clock: Clock,
): WorkerMetrics {
  const figure = createInstruments(registry);
  initialise(figure);
  createGauges(registry, figures);
  let cleaned = 0;
  const cleanedAt: number[] = [];
  return {
    event(type, admission) {
      figure.events.inc({ type, admission });
      if (admission === "hole") figure.refused.inc({ reason: "hole" });
    },
    outOfStep: () => figure.outOfStep.inc(),
    unreadable: (format) => figure.unreadable.inc({ format }),
    refused: (reason) => figure.refused.inc({ reason }),
    transition({ from, to, cause, at }, record, pinged) {
      figure.transitions.inc({ from, to, cause });
      if (to !== "offline") return;
      const cleanedFor = cause === "connection-lost" && pinged ? "ping timeout" : CLEANED.get(cause);
      if (cleanedFor === undefined) return;
      cleaned++;
      cleanedAt.push(clock.now());
      figure.zombies.inc({ cause: cleanedFor });
      if (record.lastActiveAt !== null)
        figure.detection.observe(Math.max(0, at - record.lastActiveAt) / 1_000);
    },
    takeover: (seconds) => figure.takeover.observe(seconds),
    batch(rows, { written, refused }) {
      figure.batches.observe(rows);
      figure.rowsWritten.inc(written);
      figure.rowsRefused.inc(refused);
    },
    oversize: (what) => figure.oversize.inc({ what }),
    historyDropped: (lines) => figure.historyDropped.inc(lines),
    zombiesCleaned() {
      const since = clock.now() - MINUTE_MS;
      while (cleanedAt.length > 0 && (cleanedAt[0] as number) < since) cleanedAt.shift();
      return { total: cleaned, lastMinute: cleanedAt.length };
    },
  };
}

const name = (suffix: string) => METRIC_PREFIX + suffix;

function createInstruments(registry: Registry) {
  const registers = [registry];
  return {
    events: new Counter({
      name: name("log_messages_total"),
      help: "Messages of the log that were read, by type and by whether they were accepted; those of a takeover again",
      labelNames: ["type", "admission"],
      registers,
    }),
    refused: new Counter({
      name: name("log_messages_refused_total"),
      help: "Messages of the log that were set aside: numbered beyond the next one of their publisher, or not readable",
      labelNames: ["reason"],
      registers,
    }),
    outOfStep: new Counter({
      name: name("publishers_out_of_step_total"),
      help: "Times that a gateway was informed that a partition accepts nothing more of it",
      registers,
    }),
    unreadable: new Counter({
      name: name("unreadable_total"),
      help: "Stored values that this release cannot read, each counted once",
      labelNames: ["format"],
      registers,
    }),
    transitions: new Counter({
      name: name("transitions_total"),
      help: "Changes of lifecycle state",
      labelNames: ["from", "to", "cause"],
      registers,
    }),
    zombies: new Counter({
      name: name("zombies_cleaned_total"),
      help: "Users taken offline without a goodbye of their own: idle, ping timeout, gateway lost",
      labelNames: ["cause"],
      registers,
    }),
    detection: new Histogram({
      name: name("zombie_detection_seconds"),
      help: "From the last sign of life of a cleaned zombie until it was shown offline",
      buckets: [1, 5, 10, 30, 60, 120, 300, 330, 360, 600],
      registers,
    }),
    takeover: new Histogram({
      name: name("takeover_seconds"),
      help: "From the former owner's last sign of life, or the claim, until the partition was read to its end",
      buckets: [0.1, 0.25, 0.5, 1, 2, 2.5, 3, 4, 5, 10, 30],
      registers,
    }),
    batches: new Histogram({
      name: name("db_batch_rows"),
      help: "Rows in a batched statement",
      buckets: [1, 5, 10, 50, 100, 250, 500],
      registers,
    }),
    rowsWritten: new Counter({
      name: name("db_rows_written_total"),
      help: "Rows that a batch changed",
      registers,
    }),
    oversize: new Counter({
      name: name("oversize_total"),
      help: "Values over the broker's limit, stored with less in them or not at all",
      labelNames: ["what"],
      registers,
    }),
    historyDropped: new Counter({
      name: name("history_dropped_total"),
      help: "Lines of history given up while the database was away",
      registers,
    }),
    rowsRefused: new Counter({
      name: name("db_rows_refused_total"),
      help: "Rows of which the database holds a newer state than was to be written",
      registers,
    }),
  };
}

function createGauges(registry: Registry, figures: () => WorkerFigures): void {
  const gauge = (suffix: string, help: string, read: (figures: WorkerFigures) => number) =>
    new Gauge({
      name: name(suffix),
      help,
      registers: [registry],
      collect() {
        this.set(read(figures()));
      },
    });
  gauge(
    "users_held",
    "Users of whom this worker keeps a record: all but those offline",
    ({ users }) => users,
  );
  gauge("users_online_total", "Users shown online", ({ online }) => online);
  gauge(
    "users_active",
    "Users with a connection and a sign of life within the threshold",
    ({ active }) => active,
  );
  gauge("partitions_owned", "Partitions of this worker", ({ partitions }) => partitions);
  gauge(
    "partition_lag_events",
    "Messages that waited in the partitions of this worker when it last read one of each",
    ({ partitionLag }) => partitionLag,
  );
  gauge(
    "partition_lag_seconds",
    "Age of the last message that a partition of this worker has applied, of the partition that is furthest behind; below a second while sweepers run",
    ({ partitionLagSeconds }) => partitionLagSeconds,
  );
  gauge("db_lag_events", "Users whose row waits for the database", ({ databaseLag }) => databaseLag);
}
