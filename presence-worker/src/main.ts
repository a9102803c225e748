import { close, openDatabase } from "@meeshy/shared/db/client";
import { measurePool } from "@meeshy/shared/db/pool-metrics";
import { createPostgresStore } from "@meeshy/shared/db/store";
import { openNats } from "@meeshy/shared/nats/connect";
import { measureLink } from "@meeshy/shared/nats/link-metrics";
import { natsConfig, parseEnvOrExit } from "@meeshy/shared/runtime/env";
import { runService } from "@meeshy/shared/runtime/lifecycle";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import { createOpsServer } from "@meeshy/shared/runtime/ops-server";
import { startTracing } from "@meeshy/shared/runtime/tracing";
import { createWorker } from "./app.ts";
import { workerEnv } from "./config.ts";

const env = parseEnvOrExit(workerEnv, process.env);
const logger = createLogger("presence-worker", env.LOG_LEVEL);

await runService(logger, async (lifecycle) => {
  const registry = createMetricsRegistry();
  const tracer = await startTracing(env, "presence-worker", { logger, lifecycle });
  const link = await openNats(natsConfig(env), "worker", logger);
  lifecycle.onStop("nats", () => link.close());
  const db = await openDatabase(env.DATABASE_URL, { poolSize: 4 });
  lifecycle.onStop("database", () => close(db));
  measureLink(registry, link, env.NATS_TLS_CA);
  measurePool(registry, db);

  const worker = await createWorker(
    {
      bus: link,
      registry,
      tracer,
      logger,
      store: createPostgresStore(db, { addsRows: env.DIRECTORY_URL !== undefined }),
    },
    {
      offlineThresholdMs: env.OFFLINE_THRESHOLD_MS,
      graceMs: env.DISCONNECT_GRACE_MS,
      multiDevice: env.MULTI_DEVICE,
      connectionsMax: env.MAX_CONNECTIONS_PER_USER,
      gatewayLeaseMs: env.GATEWAY_LEASE_MS,
      workerLeaseMs: env.WORKER_LEASE_MS,
      replicas: env.NATS_REPLICAS,
    },
    lifecycle,
  );
  const ops = await createOpsServer(
    { registry, unready: worker.unready },
    { port: env.OPS_PORT, host: env.HOST },
  );
  lifecycle.onStop("ops server", () => ops.close());
  logger.info({ worker: worker.id }, "presence-worker ready");
});
