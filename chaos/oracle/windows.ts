import {
  CLOSED_WITHIN_MS,
  DELIVERY_MS,
  gatewayKnownAfter,
  outlastsLease,
  quietMs,
  RECONNECT_MS,
  RESUME_MS,
  SNAPSHOT_SPREAD_MS,
  slowedBy,
  TAKEOVER_MS,
  UNSETTLED_MS,
} from "./bounds.ts";
import type { Action, Component, Connection, Fault, History, Times } from "./history.ts";
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

/** By what a history is judged. */
export interface Circumstances {
  times: Times;
  /** everything that was injected: some faults change what is true, as the death of a gateway does */
  faults: readonly Fault[];
  /** those for which the product is given time; none: it is measured how long it takes */
  excused: readonly Fault[];
  windows: readonly Window[];
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

/** One sweeper does all the work alone; only when each is dead, or quiet after a stop, is none done. */
function withoutSweeper(faults: readonly Fault[], times: Times, sweepers: number): Window[] {
  const outages = Array.from({ length: sweepers }, (_, index) =>
    union(
      faults
        .filter(({ component, targets }) => component === "sweeper" && targets.includes(index))
        .map(({ action, injectedAt, endedAt }) => ({
          from: injectedAt,
          to: endedAt + (action === "kill" ? 0 : quietMs(times)) + (isOfLink(action) ? RECONNECT_MS : 0),
        })),
    ),
  );
  const everyone = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
  return outages
    .reduce(intersect, everyone)
    .map(({ from, to }) => ({ from, to: to + DELIVERY_MS, holdsUp: "deadlines", cause: "sweeper" }));
}

function windowsOfFault(fault: Fault, times: Times): Window[] {
  const { component, injectedAt: from, endedAt } = fault;
  switch (component) {
    case "worker":
      return windowsOfWorker(fault, times);
    case "nats":
      return [
        { from, to: endedAt + SNAPSHOT_SPREAD_MS, holdsUp: "everything", cause: component },
        { from, to: endedAt + quietMs(times) + DELIVERY_MS, holdsUp: "deadlines", cause: component },
      ];
    default:
      return [];
  }
}

function windowsOfWorker({ action, all, injectedAt: from, endedAt }: Fault, times: Times): Window[] {
  const held = (since: number, to: number): Window => ({
    ...{ from: since, to, holdsUp: "everything", cause: "worker" },
  });
  const takeover = times.workerLeaseMs + TAKEOVER_MS;
  const back = endedAt + (isOfLink(action) ? RECONNECT_MS : 0);
  // One that is slow, or can only send, keeps some of its partitions, and may lose and take others all the time.
  const isHalfThere = action === "slow" || action === "narrow" || action === "freeze-in";
  if (all || isHalfThere) return [held(from, back + takeover)];
  // Others take over after the lease; one that comes back, and is ready at the end, is given its share again.
  return [held(from, from + takeover), held(endedAt - takeover, back + TAKEOVER_MS)];
}

/** A fault of the link between a process and the broker; the process itself goes on. */
const isOfLink = (action: Action): boolean => action !== "kill" && action !== "stop" && action !== "fill";

const ofGateway = (gateway: number, faults: readonly Fault[]): Fault[] =>
  faults.filter(({ component, targets }) => component === "gateway" && targets.includes(gateway));

/**
 * When the gateway of a connection died, as far as the connection is concerned. Where one of several processes of a
 * gateway was killed, it held those connections that were dropped then, and may have held those that their clients
 * ended before they could notice; the others lived on.
 */
export function deathsOf(
  { gateway, ended }: Pick<Connection, "gateway" | "ended">,
  faults: readonly Fault[],
): Fault[] {
  return ofGateway(gateway, faults).filter(
    ({ action, part, injectedAt }) =>
      action === "kill" &&
      (!part ||
        (ended !== null &&
          ended.at <= injectedAt + (ended.how === "dropped" ? CLOSED_WITHIN_MS : UNSETTLED_MS))),
  );
}

/** Whether the release before may have served the connection when it was opened. */
export function isOfOlderRelease({ gateway, openedAt }: Connection, faults: readonly Fault[]): boolean {
  const changes = ofGateway(gateway, faults).filter(({ name }) => /^(?:older|newer):/.test(name));
  const last = changes.findLast(({ injectedAt }) => injectedAt <= openedAt);
  return last !== undefined && (last.name.startsWith("older") || openedAt <= last.endedAt);
}

/** When a process of the release before ran, which knows neither sessions nor layers, until the present one was back. */
export function mixedTimes(faults: readonly Fault[]): Interval[] {
  return faults
    .filter(({ name }) => name.startsWith("older:"))
    .map(({ name, injectedAt }) => {
      const back = name.replace("older", "newer");
      const end = faults.find((later) => later.name === back && later.injectedAt > injectedAt);
      return { from: injectedAt, to: end?.endedAt ?? Number.POSITIVE_INFINITY };
    });
}

/** When the sockets of a gateway received nothing, or late, until it has worked off what waited. */
export function pausesOf(gateway: number, faults: readonly Fault[]): Interval[] {
  return ofGateway(gateway, faults)
    .filter(({ action }) => action !== "kill")
    .map(({ action, injectedAt, endedAt }) => ({
      from: injectedAt,
      // Whose feed was away is sent a fresh view.
      to: endedAt + (isOfLink(action) ? RECONNECT_MS + SNAPSHOT_SPREAD_MS : RESUME_MS),
    }));
}

/** When what clients send to a gateway came into the log late, or not at all. */
export function holdUpsOf(gateway: number, faults: readonly Fault[], times: Times): HoldUp[] {
  return ofGateway(gateway, faults)
    .filter(({ action }) => action !== "kill")
    .map(({ action, delayMs, injectedAt, endedAt }) => ({
      from: injectedAt,
      to: endedAt + RESUME_MS + (isOfLink(action) ? RECONNECT_MS : 0),
      ...(action === "slow" && !outlastsLease(delayMs, times.gatewayLeaseMs)
        ? { byMs: slowedBy(delayMs) }
        : {}),
    }));
}

/**
 * When a gateway sent no heartbeat for so long that its users may be declared offline: until it has announced
 * its connections again. Of one that ended before that, where only its link was away, nothing more is said: its user is owed no
 * grace afterwards.
 */
export function silencesOf(
  { gateway, ended }: Pick<Connection, "gateway" | "ended">,
  faults: readonly Fault[],
  times: Times,
): Interval[] {
  return ofGateway(gateway, faults)
    .filter(({ action, delayMs, injectedAt, endedAt }) => {
      if (action === "kill" || endedAt - injectedAt < gatewayKnownAfter(times)) return false;
      return action !== "slow" || outlastsLease(delayMs, times.gatewayLeaseMs);
    })
    .map(({ action, injectedAt, endedAt }) => {
      const from = injectedAt + gatewayKnownAfter(times);
      if (!isOfLink(action)) return { from, to: endedAt + RESUME_MS };
      const to = endedAt + RESUME_MS + RECONNECT_MS;
      return { from, to: ended && ended.at < to ? Number.POSITIVE_INFINITY : to };
    });
}

/** A time in which something waits: until its end, or by so many ms at most. */
export type HoldUp = Interval & { byMs?: number };

/** The end of `withinMs` that began at `from`, counted anew after every window that it overlaps, or later by its delay. */
export function deadlineAfter(from: number, withinMs: number, windows: readonly HoldUp[]): number {
  let deadline = from + withinMs;
  for (const { from: since, to, byMs } of windows) {
    if (since > deadline || to < from) continue;
    deadline = byMs === undefined ? Math.max(deadline, to + withinMs) : deadline + byMs;
  }
  return deadline;
}

/** The earliest moment to which something that arrives at `at` may refer. */
export function earliestOrigin(at: number, windows: readonly Interval[]): number {
  let origin = at - DELIVERY_MS;
  for (const window of windows.toReversed()) {
    if (window.from <= at && window.to >= origin) origin = Math.min(origin, window.from - DELIVERY_MS);
  }
  return origin;
}
