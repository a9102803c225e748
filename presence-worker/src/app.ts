import type { WorkerBeat } from "@meeshy/shared/events";
import { createGate } from "@meeshy/shared/nats/gate";
import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { keepStreams, LAST_VALUE_MAX_AGE_MS } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import type { Registry } from "prom-client";
import type { Rules } from "./core/actor.ts";
import type { Remembered } from "./core/epoch.ts";
import { createTransition } from "./core/transition.ts";
import { createEpochKeeper } from "./host/epoch-keeper.ts";
import { createOwnership } from "./host/ownership.ts";
import { createRoundTimer } from "./host/round-timer.ts";
import { createDatabaseWriter, type PresenceTables } from "./io/database-writer.ts";
import { createRecordLoader } from "./io/record-loader.ts";
import { createRefusals } from "./io/refusals.ts";
import { createUnreadableReport } from "./io/unreadable.ts";
import { createWorkerMetrics, type WorkerFigures } from "./metrics.ts";

export interface WorkerDeps {
  bus: Bus;
  tables: PresenceTables;
  remembered: () => Promise<Remembered | undefined>;
  registry: Registry;
  logger: Logger;
}

export interface WorkerConfig extends Rules {
  gatewayLeaseMs: number;
  workerLeaseMs: number;
  replicas: number;
  /** age at which an unchanged status and record are written anew; half of what the broker keeps them by default */
  renewAfterMs?: number;
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
  const { bus, tables, remembered, registry } = deps;
  const id = `w_${bus.clock.id().slice(0, 13)}`;
  const logger = deps.logger.child({ worker: id });

  const figures = (): WorkerFigures => {
    const counts = ownership.hosts().map((host) => host.counts());
    const sum = (pick: (count: (typeof counts)[number]) => number) =>
      counts.reduce((total, count) => total + pick(count), 0);
    return {
      partitions: counts.length,
      users: sum(({ users }) => users),
      online: sum(({ online }) => online),
      active: sum(({ active }) => active),
      partitionLag: sum(({ lag }) => lag),
      databaseLag: database.lag(),
    };
  };
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
    remembered,
    report,
    logger,
    replicas: config.replicas,
  });
  lifecycle.onStop("epoch keeper", () => epochs.close());

  const database = createDatabaseWriter(tables, {
    clock: bus.clock,
    logger,
    onBatch(rows, outcome) {
      metrics.batch(rows, outcome);
      if (outcome.newest !== null) void epochs.overtake(outcome.newest);
    },
    onHistoryDropped: metrics.historyDropped,
  });
  lifecycle.onStop("database writer", () => database.close(DATABASE_DRAIN_MS));

  const beatValue = (beat: number): WorkerBeat => {
    const { partitions, online, active } = figures();
    const { total, lastMinute } = metrics.zombiesCleaned();
    return {
      beat,
      leaseMs: config.workerLeaseMs,
      partitions,
      usersOnline: online,
      usersActive: active,
      zombiesCleaned: total,
      zombiesCleanedLastMinute: lastMinute,
    };
  };
  const rounds = createRoundTimer(bus.clock);
  lifecycle.onStop("rounds", () => rounds.stop());
  const {
    gatewayLeaseMs,
    workerLeaseMs,
    renewAfterMs = RENEW_AFTER_MS,
    offlineThresholdMs,
    graceMs,
  } = config;
  const ownership = createOwnership({
    workerId: id,
    bus,
    board,
    logger,
    metrics,
    report,
    database,
    writes: createGate(WRITES_AT_ONCE),
    refusals: createRefusals(metrics, logger),
    loader: createRecordLoader(bus, logger, report),
    epochs,
    rounds,
    transition: createTransition(config),
    rules: {
      ...{ gatewayLeaseMs, workerLeaseMs, renewAfterMs, offlineThresholdMs, graceMs },
      // A record may have been this old when its owner fell silent: it is looked at some times before it is due.
      expireAfterMs: LAST_VALUE_MAX_AGE_MS - 1.1 * renewAfterMs,
    },
  });
  const heartbeat = createHeartbeat(bus, board, {
    key: leaseKeys.worker(id),
    everyMs: workerLeaseMs / BEATS_PER_LEASE,
    value: beatValue,
    onForeign() {
      // Without a heartbeat of its own it would own nothing for ever: end, and be started again under a new id.
      queueMicrotask(() => {
        throw new Error(`the heartbeat of ${id} was taken away`);
      });
    },
    logger,
  });
  lifecycle.onStop("heartbeat", () => heartbeat.stop());
  lifecycle.onStop("ownership", () => ownership.stop());
  await heartbeat.started;

  const unready = (): string[] => {
    const reasons: string[] = [];
    if (!bus.isUp()) reasons.push("NATS is away");
    if (ownership.hosts().length === 0 && ownership.workersAlive() * 2 <= PARTITIONS)
      reasons.push("no partition yet");
    const unreadable = ownership.unreadableLeases();
    if (unreadable > 0) reasons.push(`${unreadable} leases cannot be read`);
    const behind = ownership.hosts().filter((host) => !host.isCaughtUp()).length;
    if (behind > 0) reasons.push(`${behind} partitions are being read`);
    return reasons;
  };
  return { id, figures, unready };
}
