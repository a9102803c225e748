import type { Component, Fault, Times } from "../oracle/history.ts";

/** A fault that can be injected. */
export type FaultPlan = Pick<Fault, "name" | "component" | "action" | "all"> & {
  /** for a stop: how long, ms */
  holdMs: number;
};

/** How long the stops last, ms. */
function holdsOf(component: Component, { gatewayLeaseMs, workerLeaseMs }: Times) {
  switch (component) {
    case "gateway":
      return { short: 0.4 * gatewayLeaseMs, long: 2 * gatewayLeaseMs };
    case "worker":
      return { short: 0.4 * workerLeaseMs, long: 2 * workerLeaseMs };
    case "sweeper":
      // It has no lease; what it takes for deafness of its own is half a gateway's.
      return { short: 0.2 * gatewayLeaseMs, long: gatewayLeaseMs };
    default:
      // Without these two nobody's lease can be kept.
      return { short: 0.4 * gatewayLeaseMs, long: 1.5 * gatewayLeaseMs };
  }
}

/**
 * Every fault there is: SIGKILL, and SIGSTOP for shorter and for longer than the lease, of one gateway, worker
 * and sweeper, of all of them, of nats-server and of PostgreSQL. The launcher restarts what dies.
 */
export function catalogueOf(times: Times): FaultPlan[] {
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
      holdMs: holdsOf(component, times)[length],
    })),
  ]);
}

/** Those whose name contains `text`. */
export function select(catalogue: readonly FaultPlan[], text: string): FaultPlan[] {
  return catalogue.filter(({ name }) => name.includes(text));
}
