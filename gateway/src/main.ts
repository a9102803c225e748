import { close, createDatabase } from "@meeshy/shared/db/client";
import { createPrismaDirectory } from "@meeshy/shared/db/directory";
import { createHttpDirectory } from "@meeshy/shared/http/directory";
import { openNats } from "@meeshy/shared/nats/connect";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { compareStreams, ensureStreams } from "@meeshy/shared/nats/streams";
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
  await compareStreams(link, env.NATS_REPLICAS, { updates: false, logger });
  await agreeOnSettings(link, logger);

  const db = createDatabase(env.DATABASE_URL, {
    onConnectionLost: (error) => logger.warn({ err: error }, "database connection lost"),
  });
  lifecycle.onStop("database", () => close(db));

  const store = createPrismaDirectory(db);
  const directory =
    env.DIRECTORY_URL === undefined
      ? store
      : {
          ...createHttpDirectory({ url: env.DIRECTORY_URL, token: env.DIRECTORY_TOKEN, logger }),
          presences: store.presences,
        };

  const registry = createMetricsRegistry();
  const gateway = await createGateway({ link, directory, db, registry, logger }, config);
  lifecycle.onStop("gateway", () => gateway.stop());
  logger.info(await gateway.listen(), "listening");
});
