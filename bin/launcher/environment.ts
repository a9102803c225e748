import { EnvironmentError, faultsIn } from "@meeshy/shared/runtime/env";
import { gatewayEnv } from "../../gateway/src/config.ts";
import { workerEnv } from "../../presence-worker/src/config.ts";
import { sweeperEnv } from "../../sweeper/src/config.ts";
import { type ServiceKind, type Surroundings, serviceEnv } from "./services.ts";

const SCHEMAS = { gateway: gatewayEnv, "presence-worker": workerEnv, sweeper: sweeperEnv };
/** In place of addresses that are not known before the embedded servers run. */
const EMBEDDED = { natsUrl: "nats://127.0.0.1:4222", databaseUrl: "postgresql://127.0.0.1/meeshy" };

/**
 * Looks at the variables of every service before anything is started.
 * @throws {EnvironmentError} with all their faults
 */
export function checkEnvironment(
  around: Pick<Surroundings, "env" | "jwtSecret" | "gatewayProcesses" | "web">,
): void {
  const { NATS_URL: natsUrl, DATABASE_URL: databaseUrl } = around.env;
  const whole = {
    ...around,
    natsPasswords: undefined,
    natsUrl: natsUrl || EMBEDDED.natsUrl,
    databaseUrl: databaseUrl || EMBEDDED.databaseUrl,
  };
  const faults = (Object.keys(SCHEMAS) as ServiceKind[]).flatMap((kind) =>
    faultsIn(SCHEMAS[kind], serviceEnv(kind, { port: 1 }, whole)),
  );
  if (faults.length > 0) throw new EnvironmentError([...new Set(faults)]);
}
