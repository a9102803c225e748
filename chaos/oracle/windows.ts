import { DELIVERY_MS, quietMs, RESUME_MS, SNAPSHOT_SPREAD_MS, TAKEOVER_MS } from "./bounds.ts";
import type { Component, Fault, History, Times } from "./history.ts";
import { type Interval, intersect, union } from "./intervals.ts";

/**
 * When a fault may hold things up, and what. A guarantee's time that falls into a window counts anew from the
 * window's end: the fault's own duration, and the time that the guarantees give the others to make up for it.
 * `everything`: no change need reach anyone. `deadlines`: only what waits for time to pass is held up.
 * Gateways hold up their own users and viewers only: see {@link pausesOf}. The database holds up no status.
 */
export interface Window extends Interval {
  holdsUp: "everything" | "deadlines";
  cause: Component | "driver";
}

export function windowsOf({ faults, stalls, times, sweepers }: Course): Window[] {
  const ofStalls = stalls.map(
    ({ from, to }): Window => ({ from, to, holdsUp: "everything", cause: "driver" }),
  );
  return [
    ...ofStalls,
    ...faults.flatMap((fault) => windowsOfFault(fault, times)),
    ...withoutSweeper(faults, times, sweepers),
  ].sort((a, b) => a.from - b.from);
}

type Course = Pick<History, "faults" | "stalls" | "times" | "sweepers">;

/** One sweeper does all the work alone; only when each is dead, or quiet after a stop, does nobody. */
function withoutSweeper(faults: readonly Fault[], times: Times, sweepers: number): Window[] {
  const outages = Array.from({ length: sweepers }, (_, index) =>
    union(
      faults
        .filter(({ component, targets }) => component === "sweeper" && targets.includes(index))
        .map(({ action, injectedAt, endedAt }) => ({
          from: injectedAt,
          to: endedAt + (action === "stop" ? quietMs(times) : 0),
        })),
    ),
  );
  const everyone = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
  return outages
    .reduce(intersect, everyone)
    .map(({ from, to }) => ({ from, to: to + DELIVERY_MS, holdsUp: "deadlines", cause: "sweeper" }));
}

function windowsOfFault(fault: Fault, times: Times): Window[] {
  const { component, all, injectedAt: from, endedAt } = fault;
  switch (component) {
    case "worker": {
      const held = (since: number, to: number): Window => ({
        from: since,
        to,
        holdsUp: "everything",
        cause: component,
      });
      const takeover = times.workerLeaseMs + TAKEOVER_MS;
      if (all) return [held(from, endedAt + takeover)];
      // Others take over after the lease; one that comes back, and is ready at the end, is given its share again.
      return [held(from, from + takeover), held(endedAt - takeover, endedAt + TAKEOVER_MS)];
    }
    case "nats":
      return [
        { from, to: endedAt + SNAPSHOT_SPREAD_MS, holdsUp: "everything", cause: component },
        { from, to: endedAt + quietMs(times) + DELIVERY_MS, holdsUp: "deadlines", cause: component },
      ];
    default:
      return [];
  }
}

/** The faults of one gateway: its deaths, or the times when it stood still. */
export function faultsOf(gateway: number, action: Fault["action"], faults: readonly Fault[]): Fault[] {
  return faults.filter(
    (fault) => fault.component === "gateway" && fault.action === action && fault.targets.includes(gateway),
  );
}

/** When a gateway stood still and its sockets heard nothing, until it has worked off what waited. */
export function pausesOf(gateway: number, faults: readonly Fault[]): Interval[] {
  return faultsOf(gateway, "stop", faults).map(({ injectedAt, endedAt }) => ({
    from: injectedAt,
    to: endedAt + RESUME_MS,
  }));
}

/** The end of `withinMs` that began at `from`, counted anew after every window that it meets. */
export function deadlineAfter(from: number, withinMs: number, windows: readonly Interval[]): number {
  let deadline = from + withinMs;
  for (const window of windows) {
    if (window.from <= deadline && window.to >= from) deadline = Math.max(deadline, window.to + withinMs);
  }
  return deadline;
}

/** The earliest moment of which something that arrives at `at` may still tell. */
export function earliestOrigin(at: number, windows: readonly Interval[]): number {
  let origin = at - DELIVERY_MS;
  for (const window of windows.toReversed()) {
    if (window.from <= at && window.to >= origin) origin = Math.min(origin, window.from - DELIVERY_MS);
  }
  return origin;
}
