import cluster from "node:cluster";
import { parseEnvOrExit } from "@meeshy/shared/runtime/env";
import { runService } from "@meeshy/shared/runtime/lifecycle";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { readPlace } from "./cluster/place.ts";
import { gatewayEnv } from "./config.ts";

/**
 * A gateway: one process that has its port for itself, or the primary of several that share it (ADR 0017), each of
 * which runs this file again. A primary loads nothing of what its processes serve with, nor the other way round.
 */
const env = parseEnvOrExit(gatewayEnv, process.env);
const logger = createLogger("gateway", env.LOG_LEVEL);

if (cluster.isWorker) {
  const place = readPlace(process.env);
  const own = logger.child({ process: place.number });
  const { joinSiblings } = await import("./cluster/siblings.ts");
  const siblings = joinSiblings(place, own);
  const { serve } = await import("./serve.ts");
  await runService(own, (lifecycle) => serve(env, { logger: own, siblings, lifecycle }), siblings.onStop);
} else if (env.GATEWAY_PROCESSES > 1) {
  const { runPrimary } = await import("./cluster/primary.ts");
  await runService(logger, (lifecycle) =>
    runPrimary({ processes: env.GATEWAY_PROCESSES }, { logger, lifecycle }),
  );
} else {
  const { serve } = await import("./serve.ts");
  await runService(logger, (lifecycle) => serve(env, { logger, lifecycle }));
}
