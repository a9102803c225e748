import type { PresenceStore } from "@meeshy/shared/directory";
import type { SweeperBeat } from "@meeshy/shared/events";
import { createLeases } from "@meeshy/shared/lease-length";
import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import { NO_TRACING, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys, STREAM_EVENTS } from "@meeshy/shared/subjects";
import type { Registry } from "prom-client";
import { receivingSince, selfCheckTimeoutMs, type Verdict } from "./core/self-check.ts";
import { serveCleanup } from "./io/cleanup-service.ts";
import { DatabaseSweep } from "./io/database-sweep.ts";
import { GatewayJudge } from "./io/gateway-judge.ts";
import { createHousekeeping, HOUSEKEEPING_LIMITS, type HousekeepingLimits } from "./io/housekeeping.ts";
import { createLogTrimmer } from "./io/log-trimmer.ts";
import { createLostGateways } from "./io/lost-gateway.ts";
import { type Cleanup, createSafetyNet, type ReadStale } from "./io/safety-net.ts";
import { createSelfCheck } from "./io/self-check.ts";
import { createTimeoutWriter } from "./io/timeouts.ts";
import { createSweeperMetrics, type SweeperMetrics } from "./metrics.ts";

export interface SweeperDeps {
  bus: Bus;
  /** the users whom the database holds online, page by page: those without activity for the threshold, or all */
  readStale: ReadStale;
  store: PresenceStore;
  /** Deletes history older than its retention; gives the number of lines. */
  pruneHistory: () => Promise<number>;
  registry: Registry;
  /** by default nothing is recorded */
  tracer?: Tracer;
  logger: Logger;
}

export interface SweeperConfig {
  /** of this life of the process alone */
  sweeperId: string;
  gatewayLeaseMs: number;
  workerLeaseMs: number;
  sweepIntervalMs: number;
  upkeep?: Partial<Upkeep>;
}

/** How the log and the lease bucket are kept small. */
interface Upkeep extends HousekeepingLimits {
  everyMs: number;
  /** how long the log keeps what every partition has passed */
  logKeptMs: number;
}

const UPKEEP: Upkeep = { ...HOUSEKEEPING_LIMITS, everyMs: 120_000, logKeptMs: 600_000 };

export interface Sweeper {
  verdict(): Verdict;
  stop(): Promise<void>;
}

/** How often time passes in the log, and at most how often this process beats and looks. */
const TICK_MS = 500;
const LOG_LOOK_MS = 15_000;
/** Own beats within {@link selfCheckTimeoutMs}. */
const BEATS_PER_TIMEOUT = 4;

/**
 * Begins to write timeouts, to declare silent gateways lost and to sweep the database (ARCHITECTURE "sweeper").
 * Resolves when the lease board has been read.
 */
export async function createSweeper(deps: SweeperDeps, config: SweeperConfig): Promise<Sweeper> {
  const { bus, logger } = deps;
  const { clock } = bus;
  const { sweeperId, gatewayLeaseMs } = config;
  const rules = { gatewayLeaseMs, everyMs: Math.min(TICK_MS, gatewayLeaseMs / 4) };

  const board = createLeaseBoard(bus, logger);
  const leases = createLeases(config, logger);
  const upkeep = { ...UPKEEP, ...config.upkeep };
  // Before the board is read: the markers that it holds already are not on it.
  const housekeeping = createHousekeeping(
    { bus, board, logger },
    ({ key, value }) => leases.workers.of(key, value),
    upkeep,
  );
  await board.ready;
  const ownKey = leaseKeys.sweeper(sweeperId);
  const selfCheck = createSelfCheck({ bus, board, leases }, ownKey, rules);
  const timeouts = createTimeoutWriter(bus, sweeperId);
  const lost = createLostGateways(bus, board, deps.tracer ?? NO_TRACING, logger);
  const trimmer = createLogTrimmer(bus, board, logger, upkeep.logKeptMs);
  const metrics = createSweeperMetrics(deps.registry);
  const net = createSafetyNet(
    bus,
    deps.readStale,
    (cleanup) => metrics.lastCleanup.set(cleanup.at / 1_000),
    logger,
  );
  const judge = new GatewayJudge({ board, selfCheck, lost, metrics, logger });
  const database = new DatabaseSweep({ clock, board, net, gatewayLeaseMs, logger });
  const sweep = () => {
    if (judge.isRunning()) void database.sweep();
  };

  judge.look();
  const heartbeat = createHeartbeat(bus, board, {
    key: ownKey,
    everyMs: Math.min(TICK_MS, selfCheckTimeoutMs(gatewayLeaseMs) / BEATS_PER_TIMEOUT),
    value: (beat) => beatOf(beat, judge.verdict(), net.last()),
    onForeign() {
      // Without its entry the self-check would fail for ever: the process ends, and is started again under a new id.
      queueMicrotask(() => {
        throw new Error(`${ownKey} was taken away`);
      });
    },
    logger,
  });
  const endService = serveCleanup(bus, net, deps.store, logger);
  void measureLog(bus, metrics, logger);
  const timers = [
    clock.every(rules.everyMs, () => judge.judge()),
    clock.every(TICK_MS, () => {
      judge.look();
      if (judge.isRunning()) timeouts.write();
    }),
    clock.every(upkeep.everyMs, () => {
      const { check } = judge.look();
      void trimmer.look(judge.isRunning());
      void housekeeping.look(judge.isRunning() ? receivingSince(check) : null);
    }),
    clock.every(LOG_LOOK_MS, () => void measureLog(bus, metrics, logger)),
    clock.every(config.sweepIntervalMs, () => {
      sweep();
      void prune(deps);
    }),
    clock.every(TICK_MS, () => {
      if (database.isEveryoneDue()) sweep();
    }),
  ];

  return {
    verdict: () => judge.verdict(),
    async stop() {
      for (const timer of timers) timer.cancel();
      selfCheck.stop();
      housekeeping.stop();
      endService();
      await heartbeat.stop();
      await board.close();
    },
  };
}

function beatOf(beat: number, verdict: Verdict, last: Cleanup | null): SweeperBeat {
  return {
    beat,
    ...verdict,
    lastCleanupAt: last ? new Date(last.at).toISOString() : null,
    lastCleanupDurationMs: last?.durationMs ?? null,
  };
}

/** What a partition has not processed yet must never be among what goes at the bound: an alert comes before. */
async function measureLog(bus: Bus, metrics: SweeperMetrics, logger: Logger): Promise<void> {
  try {
    const { bytes, definition } = await bus.info(STREAM_EVENTS);
    metrics.logBytes.set(bytes);
    metrics.logMaxBytes.set(definition.maxBytes);
  } catch (error) {
    logger.debug({ err: error }, "the size of the log is not known");
  }
}

async function prune({ pruneHistory, logger }: Pick<SweeperDeps, "pruneHistory" | "logger">): Promise<void> {
  try {
    const lines = await pruneHistory();
    if (lines > 0) logger.info({ lines }, "[CLEANUP] old history deleted");
  } catch (error) {
    logger.warn({ err: error }, "old history cannot be deleted, will try again");
  }
}
