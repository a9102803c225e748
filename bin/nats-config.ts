import { NATS_ROLES, type NatsRole } from "@meeshy/shared/nats/permissions";
import { natsServerConfig } from "@meeshy/shared/nats/server-config";
import { STORE_MAX_BYTES } from "@meeshy/shared/servers/store-bound";

/**
 * Prints the configuration of a nats-server with this project's users and permissions, for deployments. Each
 * role's password comes from NATS_<ROLE>_PASSWORD; NATS_HOST (the address to listen on; 0.0.0.0: every one), NATS_TLS_CERT
 * and NATS_TLS_KEY (PEM files), NATS_STORE_DIR, NATS_PORT and NATS_MAX_FILE_STORE (bytes; below what a stream has
 * reserved, the server comes up without that stream) have defaults. NATS_SYNC_INTERVAL is how long an acknowledged write
 * may wait for the disk (`10s`, `always`; nats-server 2.10 or later), by default what nats-server has: two minutes.
 */
const variable = (role: NatsRole) => `NATS_${role.toUpperCase()}_PASSWORD`;
const missing = NATS_ROLES.map(variable).filter((name) => !process.env[name]);
if (missing.length > 0) {
  console.error(`not set: ${missing.join(", ")}`);
  process.exit(1);
}
const passwords = Object.fromEntries(NATS_ROLES.map((role) => [role, process.env[variable(role)]]));

function tlsOf({ NATS_TLS_CERT: cert, NATS_TLS_KEY: key }: NodeJS.ProcessEnv) {
  if (!cert && !key) return undefined;
  if (cert && key) return { cert, key };
  console.error("NATS_TLS_CERT and NATS_TLS_KEY are set together, or not at all");
  process.exit(1);
}

function syncIntervalOf({ NATS_SYNC_INTERVAL: interval }: NodeJS.ProcessEnv) {
  if (!interval) return undefined;
  if (/^(?:always|[1-9]\d*(?:ms|s|m|h))$/.test(interval)) return interval;
  console.error("NATS_SYNC_INTERVAL is `always`, or a duration such as 10s");
  process.exit(1);
}

console.log(
  natsServerConfig({
    host: process.env.NATS_HOST || "127.0.0.1",
    port: Number(process.env.NATS_PORT || 4222),
    storeDir: process.env.NATS_STORE_DIR || "/data",
    maxStoreBytes: Number(process.env.NATS_MAX_FILE_STORE || STORE_MAX_BYTES),
    syncInterval: syncIntervalOf(process.env),
    tls: tlsOf(process.env),
    passwords: passwords as Record<NatsRole, string>,
  }),
);
