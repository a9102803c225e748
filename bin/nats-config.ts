import { NATS_ROLES, type NatsRole } from "@meeshy/shared/nats/permissions";
import { natsServerConfig } from "@meeshy/shared/nats/server-config";

/**
 * Prints the configuration of a nats-server with this project's users and permissions, for deployments. Each
 * role's password comes from NATS_<ROLE>_PASSWORD; NATS_STORE_DIR and NATS_PORT have defaults.
 */
const variable = (role: NatsRole) => `NATS_${role.toUpperCase()}_PASSWORD`;
const missing = NATS_ROLES.map(variable).filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`not set: ${missing.join(", ")}`);
  process.exit(1);
}
const passwords = Object.fromEntries(NATS_ROLES.map((role) => [role, process.env[variable(role)]]));
console.log(
  natsServerConfig({
    host: "0.0.0.0",
    port: Number(process.env.NATS_PORT || 4222),
    storeDir: process.env.NATS_STORE_DIR || "/data",
    passwords: passwords as Record<NatsRole, string>,
  }),
);
