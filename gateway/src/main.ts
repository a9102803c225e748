import { close, createDatabase } from "@meeshy/shared/db/client";
import { createPrismaDirectory } from "@meeshy/shared/db/directory";
import { openNats } from "@meeshy/shared/nats/connect";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { natsConfig, parseEnvOrExit } from "@meeshy/shared/runtime/env";
import { runService } from "@meeshy/shared/runtime/lifecycle";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import { createGateway } from "./app.ts";
import { gatewayEnv, toConfig } from "./config.ts";

const env = parseEnvOrExit(gatewayEnv, process.env);
const logger = createLogger("gateway", env.LOG_LEVEL);

await runService(logger, async (lifecycle) => {
  const config = toConfig(env);
  const link = await openNats(natsConfig(env), "gateway", logger);
  lifecycle.onStop("nats", () => link.close());
  await ensureStreams(link, env.NATS_REPLICAS);

  const db = createDatabase(env.DATABASE_URL, {
    onConnectionLost: (error) => logger.warn({ err: error }, "database connection lost"),
  });
  lifecycle.onStop("database", () => close(db));

  const registry = createMetricsRegistry();
  const gateway = await createGateway(
    { link, directory: createPrismaDirectory(db), db, registry, logger },
    config,
  );
  lifecycle.onStop("gateway", () => gateway.stop());
  logger.info(await gateway.listen(), "listening");
});
