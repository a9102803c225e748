import { RECORD_KEPT_MS, type WorkerBeat } from "@meeshy/shared/events";
import { createGate } from "@meeshy/shared/nats/gate";
import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { ERASED_STATUS_KEPT_MS, keepStreams, LAST_VALUE_MAX_AGE_MS } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { LogProgress } from "@meeshy/shared/ports/log-progress";
import { NO_TRACING, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import type { Registry } from "prom-client";
import type { Rules } from "./core/actor.ts";
import { createTransition } from "./core/transition.ts";
import { createEpochKeeper } from "./host/epoch-keeper.ts";
import { createOwnership, type Ownership } from "./host/ownership.ts";
import type { PartitionHost } from "./host/partition-host.ts";
import { createRoundTimer } from "./host/round-timer.ts";
import { watchServing } from "./host/serving-watch.ts";
import { createDatabaseWriter, type PresenceTables } from "./io/database-writer.ts";
import { createRecordLoader } from "./io/record-loader.ts";
import { createRefusals } from "./io/refusals.ts";
import { createUnreadableReport } from "./io/unreadable.ts";
import { createWorkerMetrics, type WorkerFigures, type WorkerMetrics } from "./metrics.ts";

export interface WorkerDeps {
  bus: Bus;
  store: PresenceTables & { progress: LogProgress };
  registry: Registry;
  /** by default nothing is recorded */
  tracer?: Tracer;
  logger: Logger;
}

export interface WorkerConfig extends Rules {
  gatewayLeaseMs: number;
  workerLeaseMs: number;
  replicas: number;
  /** age at which an unchanged status and record are written anew; half of what the broker keeps them by default */
  renewAfterMs?: number;
  /** how long the last status of a deleted user stays readable for gateways; `ERASED_STATUS_KEPT_MS` by default */
  erasedKeptMs?: number;
  /** how long a record stays that holds nothing more than the database; `RECORD_KEPT_MS` by default */
  recordKeptMs?: number;
}

export interface Worker {
  id: string;
  figures(): WorkerFigures;
  /** Why it cannot serve now; empty when it can. */
  unready(): string[];
}

/** Beats in one lease: one or two may be lost without harm. */
const BEATS_PER_LEASE = 4;
/** Statuses and records on their way to the broker: enough to fill the link, few enough to be acknowledged in time. */
const WRITES_AT_ONCE = 256;
const DATABASE_DRAIN_MS = 2_000;
const RENEW_AFTER_MS = LAST_VALUE_MAX_AGE_MS / 2;

/** Starts a presence worker: it takes its share of the partitions and works until the lifecycle stops it. */
export async function createWorker(
  deps: WorkerDeps,
  config: WorkerConfig,
  lifecycle: Lifecycle,
): Promise<Worker> {
  const { bus, store, registry, tracer = NO_TRACING } = deps;
  const id = `w_${bus.clock.id().slice(0, 13)}`;
  const logger = deps.logger.child({ worker: id });

  const figures = () => figuresOf(ownership.hosts(), database.lag());
  const metrics = createWorkerMetrics(registry, figures, bus.clock);
  const report = createUnreadableReport(metrics, logger);
  const streams = await keepStreams(bus, config.replicas, logger);
  lifecycle.onStop("streams", () => streams.stop());
  await agreeOnSettings(bus, logger);
  const board = createLeaseBoard(bus, logger);
  lifecycle.onStop("lease board", () => board.close());
  await board.ready;
  const epochs = await createEpochKeeper({
    bus,
    board,
    remembered: store.progress.highest,
    report,
    logger,
    replicas: config.replicas,
  });
  lifecycle.onStop("epoch keeper", () => epochs.close());

  const database = createDatabaseWriter(store, {
    clock: bus.clock,
    tracer,
    logger,
    onBatch(rows, outcome) {
      metrics.batch(rows, outcome);
      if (outcome.newest !== null) void epochs.overtake(outcome.newest);
    },
    onHistoryDropped: metrics.historyDropped,
  });
  lifecycle.onStop("database writer", () => database.close(DATABASE_DRAIN_MS));

  const rounds = createRoundTimer(bus.clock);
  lifecycle.onStop("rounds", () => rounds.stop());
  const {
    gatewayLeaseMs,
    workerLeaseMs,
    renewAfterMs = RENEW_AFTER_MS,
    erasedKeptMs = ERASED_STATUS_KEPT_MS,
    recordKeptMs = RECORD_KEPT_MS,
    offlineThresholdMs,
    graceMs,
  } = config;
  const ownership = createOwnership({
    workerId: id,
    bus,
    board,
    logger,
    metrics,
    tracer,
    report,
    database,
    writes: createGate(WRITES_AT_ONCE),
    refusals: createRefusals(metrics, logger),
    loader: createRecordLoader(bus, logger, report),
    epochs,
    rounds,
    transition: createTransition(config),
    rules: {
      ...{ gatewayLeaseMs, workerLeaseMs, renewAfterMs, erasedKeptMs, recordKeptMs },
      ...{ offlineThresholdMs, graceMs },
      // A record may have been this old when its owner fell silent: it is looked at some times before it is due.
      expireAfterMs: LAST_VALUE_MAX_AGE_MS - 1.1 * renewAfterMs,
    },
  });
  const serving = watchServing({ bus, board, held: () => ownership.held(), leaseMs: workerLeaseMs });
  const heartbeat = createHeartbeat(bus, board, {
    key: leaseKeys.worker(id),
    everyMs: workerLeaseMs / BEATS_PER_LEASE,
    value: (beat) => ({
      ...beatOf(beat, config.workerLeaseMs, figures(), metrics.zombiesCleaned()),
      unserved: serving.unserved(),
    }),
    onForeign() {
      // Without a heartbeat of its own it would own nothing for ever: end, and be started again under a new id.
      queueMicrotask(() => {
        throw new Error(`the heartbeat of ${id} was taken away`);
      });
    },
    logger,
  });
  lifecycle.onStop("heartbeat", () => heartbeat.stop());
  serving.onChange(() => void heartbeat.beat());
  lifecycle.onStop("serving", () => serving.stop());
  lifecycle.onStop("ownership", () => ownership.stop());
  await heartbeat.started;

  return { id, figures, unready: () => unreadyReasons(bus, ownership) };
}

function figuresOf(hosts: readonly PartitionHost[], databaseLag: number): WorkerFigures {
  const counts = hosts.map((host) => host.counts());
  const sum = (pick: (count: (typeof counts)[number]) => number) =>
    counts.reduce((total, count) => total + pick(count), 0);
  return {
    partitions: counts.length,
    users: sum(({ users }) => users),
    online: sum(({ online }) => online),
    active: sum(({ active }) => active),
    partitionLag: sum(({ lag }) => lag),
    partitionLagSeconds: Math.max(0, ...hosts.map((host) => host.lagMs())) / 1_000,
    databaseLag,
  };
}

function beatOf(
  beat: number,
  leaseMs: number,
  { partitions, online, active }: WorkerFigures,
  cleaned: ReturnType<WorkerMetrics["zombiesCleaned"]>,
): Omit<WorkerBeat, "unserved"> {
  return {
    beat,
    leaseMs,
    partitions,
    usersOnline: online,
    usersActive: active,
    zombiesCleaned: cleaned.total,
    zombiesCleanedLastMinute: cleaned.lastMinute,
  };
}

function unreadyReasons(bus: Bus, ownership: Ownership): string[] {
  const reasons: string[] = [];
  if (!bus.isUp()) reasons.push("NATS is away");
  if (ownership.hosts().length === 0 && ownership.workersAlive() * 2 <= PARTITIONS)
    reasons.push("no partition yet");
  const unreadable = ownership.unreadableLeases();
  if (unreadable > 0) reasons.push(`${unreadable} leases cannot be read`);
  const behind = ownership.hosts().filter((host) => !host.isCaughtUp()).length;
  if (behind > 0) reasons.push(`${behind} partitions are being read`);
  return reasons;
}
