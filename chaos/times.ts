import type { Times } from "./oracle/history.ts";

/**
 * The times of a run: the defaults of CONTRACT 2 cut down, in proportion as far as a loaded machine with two
 * cores allows, so that everything that takes time happens many times in a few minutes. The leases stay well
 * above what a busy scheduler holds a process back, else the machine would be the fault.
 */
export const TIMES: Times = {
  pingIntervalMs: 2_000,
  pingTimeoutMs: 1_500,
  graceMs: 2_000,
  gatewayLeaseMs: 3_000,
  workerLeaseMs: 1_500,
  thresholdMs: 20_000,
  throttleMs: 2_000,
};

const SWEEP_INTERVAL_MS = 5_000;

/** Emptied, they count as unset: whatever the surroundings name, the stack of a run is its own. */
const WITHHELD = ["NATS_URL", "DATABASE_URL", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL", "MULTI_DEVICE"];

/** The environment that gives the services these times. */
export function environmentOf(times: Times): Record<string, string> {
  return {
    ...Object.fromEntries(WITHHELD.map((name) => [name, ""])),
    PING_INTERVAL_MS: String(times.pingIntervalMs),
    PING_TIMEOUT_MS: String(times.pingTimeoutMs),
    DISCONNECT_GRACE_MS: String(times.graceMs),
    GATEWAY_LEASE_MS: String(times.gatewayLeaseMs),
    WORKER_LEASE_MS: String(times.workerLeaseMs),
    OFFLINE_THRESHOLD_MS: String(times.thresholdMs),
    ACTIVITY_THROTTLE_MS: String(times.throttleMs),
    SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS),
    // The oracle knows of its own people alone.
    CANARY_INTERVAL_S: "0",
    LOG_LEVEL: "warn",
  };
}
