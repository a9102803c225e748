import { connectionEnv, databaseEnv, directoryEnv, opsEnv, presenceEnv } from "@meeshy/shared/runtime/env";
import { z } from "zod";

/** The sweeper's environment (CONTRACT 2). */
export const sweeperEnv = z.object({
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
});
