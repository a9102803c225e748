import { connectionEnv, databaseEnv, directoryEnv, opsEnv, presenceEnv } from "@meeshy/shared/runtime/env";
import { z } from "zod";
import { CONNECTIONS_MAX } from "./core/connections.ts";

/** The worker's environment (CONTRACT 2). */
export const workerEnv = connectionEnv
  .extend(databaseEnv.shape)
  .extend(directoryEnv.pick({ DIRECTORY_URL: true }).shape)
  .extend(opsEnv.shape)
  .extend(
    presenceEnv.pick({
      OFFLINE_THRESHOLD_MS: true,
      DISCONNECT_GRACE_MS: true,
      GATEWAY_LEASE_MS: true,
      WORKER_LEASE_MS: true,
      MULTI_DEVICE: true,
    }).shape,
  )
  .extend({ MAX_CONNECTIONS_PER_USER: z.coerce.number().int().min(1).max(CONNECTIONS_MAX).default(50) });
