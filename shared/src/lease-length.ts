import type { Logger } from "./runtime/logger.ts";

/** For how long a process may be silent before others take it for dead: each heartbeat carries it. */

/** Bounds of a lease, ms: a heartbeat is not trusted with more, unless that is configured here as well. */
const LEASE_MIN_MS = 500;
const LEASE_MAX_MS = 600_000;

export interface LeaseLengths {
  /** The lease of the process whose heartbeat, under `key`, has this value; ms, within the bounds. */
  of(key: string, value: unknown): number;
}

/**
 * `ownMs`: what this process is configured with for processes of that kind; heartbeats of a release without the field
 * are judged by it. A process that is configured differently is logged, once.
 */
export function createLeaseLengths(ownMs: number, logger: Logger): LeaseLengths {
  const noticed = new Set<string>();
  const mostMs = Math.max(LEASE_MAX_MS, ownMs);
  const notice = (key: string, leaseMs: number) => {
    if (noticed.has(key)) return;
    if (noticed.size >= NOTICED_AT_MOST) noticed.clear();
    noticed.add(key);
    logger.warn({ key, leaseMs, ownMs }, "a process has another lease length than is configured here");
  };
  return {
    of(key, value) {
      const given = leaseMsIn(value);
      if (given === undefined) return ownMs;
      const leaseMs = Math.min(mostMs, Math.max(LEASE_MIN_MS, given));
      if (given !== ownMs) notice(key, given);
      return leaseMs;
    },
  };
}

export interface Leases {
  workers: LeaseLengths;
  gateways: LeaseLengths;
}

/** The leases of both kinds of processes that others wait for, as this process is configured, ms. */
export const createLeases = (
  { gatewayLeaseMs, workerLeaseMs }: { gatewayLeaseMs: number; workerLeaseMs: number },
  logger: Logger,
): Leases => ({
  workers: createLeaseLengths(workerLeaseMs, logger),
  gateways: createLeaseLengths(gatewayLeaseMs, logger),
});

const NOTICED_AT_MOST = 1_000;

function leaseMsIn(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("leaseMs" in value)) return undefined;
  return typeof value.leaseMs === "number" && value.leaseMs > 0 ? value.leaseMs : undefined;
}
