import { randomUUID } from "node:crypto";
import { close, createDatabase } from "@meeshy/shared/db/client";
import { createPrismaDirectory } from "@meeshy/shared/db/directory";
import { staleOnline } from "@meeshy/shared/db/stale-online";
import { pruneTransitions } from "@meeshy/shared/db/transitions";
import { createHttpDirectory } from "@meeshy/shared/http/directory";
import { openNats } from "@meeshy/shared/nats/connect";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { compareStreams, ensureStreams } from "@meeshy/shared/nats/streams";
import {
  connectionEnv,
  databaseEnv,
  directoryEnv,
  natsConfig,
  opsEnv,
  parseEnvOrExit,
  presenceEnv,
} from "@meeshy/shared/runtime/env";
import { runService } from "@meeshy/shared/runtime/lifecycle";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import { createOpsServer } from "@meeshy/shared/runtime/ops-server";
import { z } from "zod";
import { createSweeper, type Sweeper } from "./app.ts";
import { describeBy } from "./io/described.ts";
import type { Scope } from "./io/safety-net.ts";

/** Most stale users of one sweep; the longest silent come first. */
const SWEEP_LIMIT = 10_000;
/** More than one worker carries (CONTRACT 9): in a sweep of everyone, who is left out stays a ghost until stale. */
const EVERYONE_LIMIT = 100_000;

const env = parseEnvOrExit(
  z.object({
    ...connectionEnv.shape,
    ...databaseEnv.shape,
    ...directoryEnv.shape,
    ...opsEnv.shape,
    ...presenceEnv.pick({
      OFFLINE_THRESHOLD_MS: true,
      GATEWAY_LEASE_MS: true,
      WORKER_LEASE_MS: true,
      SWEEP_INTERVAL_MS: true,
      HISTORY_DAYS: true,
    }).shape,
  }),
  process.env,
);
const logger = createLogger("sweeper", env.LOG_LEVEL);

await runService(logger, async (lifecycle) => {
  const registry = createMetricsRegistry();
  let sweeper: Sweeper | undefined;
  let linkIsUp = () => false;
  const unready = () => [
    ...(linkIsUp() ? [] : ["no link to NATS"]),
    ...(sweeper ? [] : ["the lease board is not read yet"]),
  ];
  const ops = await createOpsServer({ registry, unready }, { port: env.OPS_PORT, host: env.HOST });
  lifecycle.onStop("ops server", () => ops.close());

  const db = createDatabase(env.DATABASE_URL, {
    poolSize: 2,
    onConnectionLost: (error) => logger.warn({ err: error }, "lost a connection to the database"),
  });
  lifecycle.onStop("database", () => close(db));

  const sweeperId = randomUUID();
  const link = await openNats(natsConfig(env), `sweeper-${sweeperId}`, logger);
  lifecycle.onStop("nats", () => link.close());
  linkIsUp = link.isUp;
  await ensureStreams(link, env.NATS_REPLICAS);
  await compareStreams(link, env.NATS_REPLICAS, { updates: false, logger });
  await agreeOnSettings(link, logger);

  const describe =
    env.DIRECTORY_URL === undefined
      ? undefined
      : describeBy(
          createHttpDirectory({ url: env.DIRECTORY_URL, token: env.DIRECTORY_TOKEN, logger }),
          logger,
        );
  const staleRows = (scope: Scope) =>
    scope === "everyone"
      ? staleOnline(db, { thresholdMs: 0, limit: EVERYONE_LIMIT })
      : staleOnline(db, { thresholdMs: env.OFFLINE_THRESHOLD_MS, limit: SWEEP_LIMIT });
  sweeper = await createSweeper(
    {
      bus: link,
      readStale: async (scope) => {
        const rows = await staleRows(scope);
        return describe ? describe(rows) : rows;
      },
      store: createPrismaDirectory(db),
      pruneHistory: () => pruneTransitions(db, env.HISTORY_DAYS),
      registry,
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
