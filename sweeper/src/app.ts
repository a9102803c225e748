import type { PresenceStore } from "@meeshy/shared/directory";
import type { SweeperBeat } from "@meeshy/shared/events";
import { createLeases } from "@meeshy/shared/lease-length";
import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys } from "@meeshy/shared/subjects";
import type { Registry } from "prom-client";
import { deafAfterMs, hearingSince, type Verdict } from "./core/deaf-guard.ts";
import { lostGateways } from "./core/lost-gateways.ts";
import { serveCleanup } from "./io/cleanup-service.ts";
import { createHousekeeping, HOUSEKEEPING_LIMITS, type HousekeepingLimits } from "./io/housekeeping.ts";
import { createListening } from "./io/listening.ts";
import { createLogTrimmer } from "./io/log-trimmer.ts";
import { createLostGateways } from "./io/lost-gateway.ts";
import { createSafetyNet, type Scope, type StaleUser } from "./io/safety-net.ts";
import { createTimeoutWriter } from "./io/timeouts.ts";
import { createSweeperMetrics } from "./metrics.ts";

export interface SweeperDeps {
  bus: Bus;
  /** the users whom the database holds online: those without activity for the threshold, or everyone */
  readStale: (scope: Scope) => Promise<readonly StaleUser[]>;
  store: PresenceStore;
  /** Forgets history that is older than it is to be kept; gives how many lines. */
  pruneHistory: () => Promise<number>;
  registry: Registry;
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
export interface Upkeep extends HousekeepingLimits {
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
/** When the database did not answer a sweep that cannot wait for the next one. */
const RETRY_MS = 1_000;
/** Own beats in the time after which this process takes itself for deaf. */
const BEATS_TO_BE_HEARD = 4;

/**
 * Begins to write timeouts, to declare silent gateways lost and to sweep the database (DESIGN "sweeper").
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
  const listening = createListening({ bus, board, leases }, ownKey, rules);
  const timeouts = createTimeoutWriter(bus, sweeperId);
  const lost = createLostGateways(bus, board, logger);
  const trimmer = createLogTrimmer(bus, board, logger, upkeep.logKeptMs);
  const metrics = createSweeperMetrics(deps.registry);
  const net = createSafetyNet(
    bus,
    deps.readStale,
    (cleanup) => metrics.lastCleanup.set(cleanup.at / 1_000),
    logger,
  );
  let verdict: Verdict = { state: "paused", reason: "starting" };

  const look = () => {
    const seen = listening.look();
    const next = seen.guard.verdict;
    if (next.state !== verdict.state) logger.info(next, `sweeper ${next.state}`);
    verdict = next;
    metrics.paused.set(verdict.state === "paused" ? 1 : 0);
    return seen;
  };

  const judge = () => {
    const { view, guard } = look();
    // What a sweeper has declared is a fact; finishing it needs no hearing.
    for (const { id, entry } of view.declared) void lost.finish(id, entry);
    if (verdict.state === "paused") return;
    const silent = lostGateways({
      now: guard.observedAt,
      hearingSince: hearingSince(guard),
      gateways: view.gateways,
    });
    for (const id of silent) {
      const entry = board.get(leaseKeys.gateway(id));
      if (entry) void lost.declare(id, entry);
    }
  };

  const keepSmall = () => {
    const { guard } = look();
    const isRunning = verdict.state === "running";
    void trimmer.look(isRunning);
    void housekeeping.look(isRunning ? hearingSince(guard) : null);
  };

  const prune = async () => {
    try {
      const lines = await deps.pruneHistory();
      if (lines > 0) logger.info({ lines }, "[CLEANUP] old history forgotten");
    } catch (error) {
      logger.warn({ err: error }, "old history cannot be forgotten, will try again");
    }
  };

  const sweep = async () => {
    if (verdict.state === "paused") return;
    const scope = clock.now() >= doubtsAllAt ? "everyone" : "stale";
    if (scope === "everyone") doubtsAllAt = Number.POSITIVE_INFINITY;
    try {
      await net.sweep(scope);
    } catch (error) {
      if (scope === "everyone") doubtsAllAt = clock.now() + RETRY_MS;
      logger.warn({ err: error }, "the database cannot be swept, will try again");
    }
  };

  /**
   * A lost log takes with it who was online: once gateways have had two leases to announce theirs, everyone
   * else whom the database holds online is a ghost. Nobody may have listened when an epoch began, so a
   * sweeper's own start counts too.
   */
  const announcedAfter = () => clock.now() + 2 * gatewayLeaseMs;
  let doubtsAllAt = announcedAfter();
  let epoch = board.get(leaseKeys.epoch)?.revision;
  board.onChange((key) => {
    const revision = board.get(leaseKeys.epoch)?.revision;
    if (key !== leaseKeys.epoch || revision === epoch) return;
    epoch = revision;
    doubtsAllAt = announcedAfter();
  });

  look();
  const heartbeat = createHeartbeat(bus, board, {
    key: ownKey,
    everyMs: Math.min(TICK_MS, deafAfterMs(gatewayLeaseMs) / BEATS_TO_BE_HEARD),
    value: (beat): SweeperBeat => {
      const last = net.last();
      return {
        beat,
        ...verdict,
        lastCleanupAt: last ? new Date(last.at).toISOString() : null,
        lastCleanupDurationMs: last?.durationMs ?? null,
      };
    },
    onForeign() {
      // Without its entry it would be deaf for ever: end, and be started again under a new id.
      queueMicrotask(() => {
        throw new Error(`${ownKey} was taken away`);
      });
    },
    logger,
  });
  const endService = serveCleanup(bus, net, deps.store, logger);
  const timers = [
    clock.every(rules.everyMs, judge),
    clock.every(TICK_MS, () => {
      look();
      if (verdict.state === "running") timeouts.write();
    }),
    clock.every(upkeep.everyMs, keepSmall),
    clock.every(config.sweepIntervalMs, () => {
      void sweep();
      void prune();
    }),
    clock.every(TICK_MS, () => {
      if (clock.now() >= doubtsAllAt) void sweep();
    }),
  ];

  return {
    verdict: () => verdict,
    async stop() {
      for (const timer of timers) timer.cancel();
      listening.stop();
      housekeeping.stop();
      endService();
      await heartbeat.stop();
      await board.close();
    },
  };
}
