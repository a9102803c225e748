import { close, openDatabase } from "@meeshy/shared/db/client";
import { measurePool } from "@meeshy/shared/db/pool-metrics";
import { createPostgresStore } from "@meeshy/shared/db/store";
import { createHttpDirectory } from "@meeshy/shared/http/directory";
import { measureLeftOut } from "@meeshy/shared/http/left-out";
import { openNats } from "@meeshy/shared/nats/connect";
import { measureLink } from "@meeshy/shared/nats/link-metrics";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { compareStreams, ensureStreams } from "@meeshy/shared/nats/streams";
import { natsConfig } from "@meeshy/shared/runtime/env";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import { startTracing } from "@meeshy/shared/runtime/tracing";
import { createGateway } from "./app.ts";
import type { Siblings } from "./cluster/siblings.ts";
import { type GatewayEnv, toConfig } from "./config.ts";

/** The gateway of this process, whole: also where it shares its port with `siblings`. */
export async function serve(
  env: GatewayEnv,
  { logger, siblings, lifecycle }: { logger: Logger; siblings?: Siblings; lifecycle: Lifecycle },
): Promise<void> {
  const config = toConfig(env);
  const tracer = await startTracing(env, "gateway", { logger, lifecycle });
  const link = await openNats(natsConfig(env), "gateway", logger);
  lifecycle.onStop("nats", () => link.close());
  await ensureStreams(link, env.NATS_REPLICAS, logger);
  await compareStreams(link, env.NATS_REPLICAS, { updates: false, logger });
  await agreeOnSettings(link, logger);

  const db = await openDatabase(env.DATABASE_URL, {
    plansOnce: true,
    onConnectionLost: (error) => logger.warn({ err: error }, "database connection lost"),
  });
  lifecycle.onStop("database", () => close(db));

  const store = createPostgresStore(db);
  const registry = createMetricsRegistry();
  measureLink(registry, link, env.NATS_TLS_CA);
  measurePool(registry, db);
  const directory =
    env.DIRECTORY_URL === undefined
      ? store.directory
      : {
          ...createHttpDirectory({
            url: env.DIRECTORY_URL,
            token: env.DIRECTORY_TOKEN,
            onLeftOut: measureLeftOut(registry),
            logger,
          }),
          presences: store.directory.presences,
        };
  const deps = { link, directory, store, registry, siblings, tracer, logger };
  const gateway = await createGateway(deps, config, lifecycle);
  logger.info(await gateway.listen(), "listening");
  siblings?.serve({ registry, unready: gateway.unready });
}
