import type { Action, Component, Fault, Times } from "../oracle/history.ts";
import type { Means } from "../stack/chaos-stack.ts";

/** A fault that can be injected. */
export type FaultPlan = Pick<Fault, "name" | "component" | "action" | "all" | "part" | "delayMs"> & {
  /** faults of one kind differ in whom they hit; a short run injects one of each kind */
  kind: string;
  /** how long it lasts, ms; of a kill: how long those that came back run before the next fault */
  holdMs: number;
  /** the release that a killed process comes back as */
  release: "older" | "current";
  /** the means that it takes, which not every machine has */
  needs: Means | null;
};

const SERVICES = ["gateway", "worker", "sweeper"] as const;
const plan = (
  own: Partial<FaultPlan> & Pick<FaultPlan, "name" | "component" | "action" | "kind">,
): FaultPlan => ({
  ...{ all: false, part: false, delayMs: 0, holdMs: 0, release: "current", needs: null },
  ...own,
});

/** How long the stops last, ms. */
function holdsOf(component: Component, { gatewayLeaseMs, workerLeaseMs }: Times) {
  switch (component) {
    case "gateway":
      return { short: 0.4 * gatewayLeaseMs, long: 2 * gatewayLeaseMs };
    case "worker":
      return { short: 0.4 * workerLeaseMs, long: 2 * workerLeaseMs };
    case "sweeper":
      // It has no lease; its self-check fails after half a gateway lease without its own heartbeat.
      return { short: 0.2 * gatewayLeaseMs, long: gatewayLeaseMs };
    default:
      // Without these two no process can renew its lease.
      return { short: 0.4 * gatewayLeaseMs, long: 1.5 * gatewayLeaseMs };
  }
}

const isService = (component: Component): boolean => SERVICES.some((service) => service === component);

/** SIGKILL, and SIGSTOP for shorter and for longer than the lease; the launcher restarts what dies. */
function processFaults(times: Times): FaultPlan[] {
  const victims = [
    ...SERVICES.flatMap((component) => [
      { component, all: false, what: component },
      { component, all: true, what: `all-${component}s` },
    ]),
    ...(["nats", "database"] as const).map((component) => ({ component, all: true, what: component })),
  ];
  return victims.flatMap(({ component, all, what }) => [
    plan({ name: `kill:${what}`, kind: `kill:${component}`, component, all, action: "kill" }),
    ...(["short", "long"] as const).map((length) =>
      plan({
        name: `stop-${length}:${what}`,
        // Of the short ones, which cost little, a short run injects one of our own processes, and one of a server.
        kind:
          length === "long"
            ? `stop-long:${component}`
            : `stop-short:${isService(component) ? "service" : "server"}`,
        ...{ component, all, action: "stop" as const, holdMs: holdsOf(component, times)[length] },
      }),
    ),
  ]);
}

/** Longer than the lease, and than a client of the broker takes to find a silent link dead, which is 3 s. */
const linkHold = ({ gatewayLeaseMs }: Times) => 1.5 * gatewayLeaseMs;

/** How late acknowledgements come, s. */
const DELAYS = [1, 2, 5];

/** What happens to the link of one process alone. */
function linkFaults(times: Times): FaultPlan[] {
  const holdMs = linkHold(times);
  const actions: { name: string; action: Action; delayMs?: number; holdMs: number }[] = [
    ...(["cut", "freeze", "freeze-in", "freeze-out", "refuse", "narrow"] as const).map((action) => ({
      ...{ name: action, action, holdMs },
    })),
    // As long as a link that is away, and at least one answer.
    ...DELAYS.map((delay) => ({
      ...{ name: `slow-${delay}s`, action: "slow" as const, delayMs: delay * 1_000 },
      holdMs: Math.max(holdMs, delay * 1_000 + 1_000),
    })),
  ];
  return actions.flatMap(({ name, ...own }) =>
    SERVICES.map((component) => plan({ name: `${name}:${component}`, kind: name, component, ...own })),
  );
}

/** For how long an older process runs among the others. */
const OLDER_MS = 2_000;

/**
 * Every fault there is. Besides those of processes and links: one of several processes of a gateway is killed, the
 * broker's account may store nothing more, its disk is full, and a process is killed and comes back as the release before.
 */
export function catalogueOf(times: Times): FaultPlan[] {
  const broker = { component: "nats", action: "fill", all: true, holdMs: linkHold(times) } as const;
  return [
    ...processFaults(times),
    ...linkFaults(times),
    plan({
      ...{ name: "kill:gateway-process", kind: "kill:gateway-process" },
      ...{ component: "gateway", action: "kill", part: true, needs: "several processes" },
    }),
    plan({ name: "full:limit", kind: "full:limit", ...broker }),
    plan({ name: "full:disk", kind: "full:disk", ...broker, needs: "small store" }),
    ...SERVICES.map((component) =>
      plan({
        name: `older:${component}`,
        kind: "older",
        ...{ component, action: "kill" as const, holdMs: OLDER_MS },
        ...{ release: "older" as const, needs: "older release" as const },
      }),
    ),
  ];
}

/** How a process that came back as an older release is replaced by the present one. */
export const back = ({ component, name, ...plan }: FaultPlan): FaultPlan => ({
  ...plan,
  ...{ component, name: name.replace("older", "newer"), holdMs: 0, release: "current", needs: null },
});

/** Those whose name contains `text`. */
export function select(catalogue: readonly FaultPlan[], text: string): FaultPlan[] {
  return catalogue.filter(({ name }) => name.includes(text));
}
