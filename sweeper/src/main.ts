import { randomUUID } from "node:crypto";
import { close, openDatabase } from "@meeshy/shared/db/client";
import { measurePool } from "@meeshy/shared/db/pool-metrics";
import { createPostgresStore } from "@meeshy/shared/db/store";
import { createHttpDirectory } from "@meeshy/shared/http/directory";
import { measureLeftOut } from "@meeshy/shared/http/left-out";
import { openNats } from "@meeshy/shared/nats/connect";
import { measureLink } from "@meeshy/shared/nats/link-metrics";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { compareStreams, ensureStreams } from "@meeshy/shared/nats/streams";
import { natsConfig, parseEnvOrExit } from "@meeshy/shared/runtime/env";
import { runService } from "@meeshy/shared/runtime/lifecycle";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import { createOpsServer } from "@meeshy/shared/runtime/ops-server";
import { startTracing } from "@meeshy/shared/runtime/tracing";
import { createSweeper, type Sweeper } from "./app.ts";
import { sweeperEnv } from "./config.ts";
import type { Verdict } from "./core/self-check.ts";
import { describeBy } from "./io/described.ts";

/** Most stale users of one sweep, and most users who are held in memory at once. */
const PAGE = 10_000;

const pausedBy = (verdict: Verdict): string[] =>
  verdict.state === "paused" ? [`paused: ${verdict.reason}`] : [];

const env = parseEnvOrExit(sweeperEnv, process.env);
const logger = createLogger("sweeper", env.LOG_LEVEL);

await runService(logger, async (lifecycle) => {
  const registry = createMetricsRegistry();
  const tracer = await startTracing(env, "sweeper", { logger, lifecycle });
  let sweeper: Sweeper | undefined;
  let linkIsUp = () => false;
  const unready = () => [
    ...(linkIsUp() ? [] : ["no link to NATS"]),
    ...(sweeper ? pausedBy(sweeper.verdict()) : ["the lease board is not read yet"]),
  ];
  const ops = await createOpsServer({ registry, unready }, { port: env.OPS_PORT, host: env.HOST });
  lifecycle.onStop("ops server", () => ops.close());

  const db = await openDatabase(env.DATABASE_URL, {
    poolSize: 2,
    onConnectionLost: (error) => logger.warn({ err: error }, "lost a connection to the database"),
  });
  lifecycle.onStop("database", () => close(db));
  const store = createPostgresStore(db);

  const sweeperId = randomUUID();
  const link = await openNats(natsConfig(env), `sweeper-${sweeperId}`, logger);
  lifecycle.onStop("nats", () => link.close());
  linkIsUp = link.isUp;
  measureLink(registry, link, env.NATS_TLS_CA);
  measurePool(registry, db);
  await ensureStreams(link, env.NATS_REPLICAS, logger);
  await compareStreams(link, env.NATS_REPLICAS, { updates: false, logger });
  await agreeOnSettings(link, logger);

  const describe =
    env.DIRECTORY_URL === undefined
      ? undefined
      : describeBy(
          createHttpDirectory({
            url: env.DIRECTORY_URL,
            token: env.DIRECTORY_TOKEN,
            onLeftOut: measureLeftOut(registry),
            logger,
          }),
          logger,
        );
  sweeper = await createSweeper(
    {
      bus: link,
      readStale: async (scope, bounds) => {
        const thresholdMs = scope === "everyone" ? 0 : env.OFFLINE_THRESHOLD_MS;
        const page = await store.presence.stale({ thresholdMs, limit: PAGE, ...bounds });
        return describe ? { ...page, people: await describe(page.people) } : page;
      },
      store: store.directory,
      pruneHistory: () => store.history.prune(env.HISTORY_DAYS),
      registry,
      tracer,
      logger,
    },
    {
      sweeperId,
      gatewayLeaseMs: env.GATEWAY_LEASE_MS,
      workerLeaseMs: env.WORKER_LEASE_MS,
      sweepIntervalMs: env.SWEEP_INTERVAL_MS,
    },
  );
  lifecycle.onStop("sweeper", sweeper.stop);
  logger.info({ sweeperId, ops: ops.server.address() }, "sweeper started");
});
