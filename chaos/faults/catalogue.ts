import type { Component, Fault, Times } from "../oracle/history.ts";

/** A fault that can be injected. */
export type FaultPlan = Pick<Fault, "name" | "component" | "action" | "all"> & {
  /** for a stop: how long, ms */
  holdMs: number;
};

/** Stops as parts of the lease: too short to be noticed, and long enough to be taken for dead. */
const SHORT = 0.4;
const LONG = 2;

/**
 * Every fault there is: SIGKILL, and SIGSTOP for shorter and for longer than the lease, of one gateway, worker
 * and sweeper, of all of them, of nats-server and of PostgreSQL. The launcher restarts what dies.
 */
export function catalogueOf(times: Times): FaultPlan[] {
  const leases: Record<Component, number> = {
    gateway: times.gatewayLeaseMs,
    worker: times.workerLeaseMs,
    // The others have no lease of their own; what they hold up is the gateways'.
    sweeper: times.gatewayLeaseMs,
    nats: times.gatewayLeaseMs,
    database: times.gatewayLeaseMs,
  };
  const victims = [
    ...(["gateway", "worker", "sweeper"] as const).flatMap((component) => [
      { component, all: false, what: component },
      { component, all: true, what: `all-${component}s` },
    ]),
    ...(["nats", "database"] as const).map((component) => ({ component, all: true, what: component })),
  ];
  return victims.flatMap(({ component, all, what }) => [
    { name: `kill:${what}`, component, all, action: "kill" as const, holdMs: 0 },
    ...(["short", "long"] as const).map((length) => ({
      name: `stop-${length}:${what}`,
      component,
      all,
      action: "stop" as const,
      holdMs: leases[component] * (length === "short" ? SHORT : LONG),
    })),
  ]);
}

/** Those whose name contains `text`. */
export function select(catalogue: readonly FaultPlan[], text: string): FaultPlan[] {
  return catalogue.filter(({ name }) => name.includes(text));
}
