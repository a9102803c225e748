import { close, createDatabase } from "@meeshy/shared/db/client";
import { addMissingRows } from "@meeshy/shared/db/own-rows";
import { highestSequence, recordHighestSequence } from "@meeshy/shared/db/presence-log";
import { writePresence } from "@meeshy/shared/db/presence-writer";
import { deleteTransitions, writeTransitions } from "@meeshy/shared/db/transitions";
import { openNats } from "@meeshy/shared/nats/connect";
import { natsConfig, parseEnvOrExit } from "@meeshy/shared/runtime/env";
import { runService } from "@meeshy/shared/runtime/lifecycle";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import { createOpsServer } from "@meeshy/shared/runtime/ops-server";
import { createWorker } from "./app.ts";
import { workerEnv } from "./config.ts";

const env = parseEnvOrExit(workerEnv, process.env);
const logger = createLogger("presence-worker", env.LOG_LEVEL);

await runService(logger, async (lifecycle) => {
  const registry = createMetricsRegistry();
  const link = await openNats(natsConfig(env), "worker", logger);
  lifecycle.onStop("nats", () => link.close());
  const db = createDatabase(env.DATABASE_URL, { poolSize: 4 });
  lifecycle.onStop("database", () => close(db));

  const worker = await createWorker(
    {
      bus: link,
      registry,
      logger,
      remembered: () => highestSequence(db),
      tables: {
        async writePresence(rows) {
          if (env.DIRECTORY_URL !== undefined)
            await addMissingRows(
              db,
              rows.map(({ userId }) => userId),
            );
          return writePresence(db, rows);
        },
        writeHistory: (lines) => writeTransitions(db, lines),
        eraseHistory: (userId) => deleteTransitions(db, userId),
        writeProgress: (positions) => recordHighestSequence(db, positions),
      },
    },
    {
      offlineThresholdMs: env.OFFLINE_THRESHOLD_MS,
      graceMs: env.DISCONNECT_GRACE_MS,
      multiDevice: env.MULTI_DEVICE,
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
