import type { Ending, Times } from "./history.ts";

/**
 * What the guarantees (CONTRACT 9) come to with the configured times, and the slack that measuring takes.
 * A slack is small, has a name, and is granted once.
 */

/**
 * The longest that a change may take to a viewer. The contract gives percentiles on a machine of its own
 * (95 % within 100 to 150 ms); the rest has to end somewhere, also with seven services, two servers and
 * hundreds of clients on two cores.
 */
export const DELIVERY_MS = 1_000;

/** Between the driver's clock and the broker's, which stamps what is compared with the deadline. */
const CLOCK_MARGIN_MS = 100;

/** A client whose socket was held by a process that was killed finds it closed within this time. */
export const CLOSED_WITHIN_MS = 2_000;

/** An activity sent this shortly before its socket or its gateway ended may have gone down with it. */
export const UNSETTLED_MS = 300;

/** Events that two gateways take so close to each other may enter the log the other way round. */
export const CROSSING_MS = 300;

/** A worker's users are carried on by another: its lease, and this. */
export const TAKEOVER_MS = 1_000;

/** A fresh snapshot after an outage is sent within this time (CONTRACT 4). */
export const SNAPSHOT_SPREAD_MS = 5_000;

/** A process that was stopped has this long to work off what waited for it. */
export const RESUME_MS = 2_000;

/** A process notices within this time that its link to the broker is whole again: it tries anew every 0.3 s. */
export const RECONNECT_MS = 1_000;

/**
 * A process writes its heartbeat three times a lease; the next one waits for the answer to the last. A process
 * whose answers come so late that two are a lease apart may be declared lost.
 */
export const outlastsLease = (delayMs: number, leaseMs: number): boolean => delayMs + leaseMs / 3 >= leaseMs;

/**
 * How much later a change is in the log, by a link whose answers come `delayMs` late: what is written waits for one
 * answer at most, and is acknowledged by another.
 */
export const slowedBy = (delayMs: number): number => 2 * delayMs;

/** The database follows the status while it is up; it has caught up after it was away (CONTRACT 6, 9). */
export const DATABASE_FOLLOWS_MS = 2_000;
export const DATABASE_CATCHES_UP_MS = 30_000;

/** Longest from the end of a connection until its user, without another, is shown offline. */
export function goneWithin(how: Ending, times: Times): number {
  const { pingIntervalMs, pingTimeoutMs, graceMs } = times;
  switch (how) {
    case "refused":
      return 0;
    case "left":
      return DELIVERY_MS;
    case "frozen":
      return pingIntervalMs + pingTimeoutMs + graceMs + 1_000;
    default:
      return graceMs + 1_000;
  }
}

/**
 * How long at least it takes the server to know of an end. A frozen socket is found out by a ping, which may
 * have been on its way already, so that the interval does not count.
 */
export function knownAfter(how: Ending, { pingTimeoutMs }: Times): number {
  return how === "frozen" ? pingTimeoutMs - CLOCK_MARGIN_MS : 0;
}

/**
 * How long at least it takes to know that a gateway fell silent. The lease runs from its last heartbeat,
 * which may be older than its end; half a lease is granted for that.
 */
export function gatewayKnownAfter({ gatewayLeaseMs }: Times): number {
  return gatewayLeaseMs / 2;
}

/** How long at least a user stays online once a loss is known: the time there is to come back unseen. */
export function staysFor(how: Ending, { graceMs }: Times): number {
  return how === "left" || how === "refused" ? 0 : graceMs - CLOCK_MARGIN_MS;
}

/** Longest from the death of a gateway until its users, without another connection, are shown offline. */
export function goneWithGateway(all: boolean, { gatewayLeaseMs, graceMs }: Times): number {
  return (all ? 3 : 1) * gatewayLeaseMs + graceMs + 2_000;
}

/** Longest from the moment at which an idle user's time is over until everyone is shown that. */
export function idleWithin({ graceMs }: Times): number {
  return graceMs + 2_000;
}

/** Longest from the end of a session or a choice until everyone is shown that: as when an idle user's time is over. */
export const ENDS_WITHIN_MS = 2_000;

/** A session or a choice that ends by itself lasts at least so much of its time: the broker's clock ends it. */
export const lastsFor = (ms: number): number => ms - CLOCK_MARGIN_MS;

/** An order without an answer may be carried out for so long: its gateway writes it three times at most. */
export const CARRIED_OUT_WITHIN_MS = 10_000;

/** How long at least an activity keeps its user online; the one before it may have been the last to be written. */
export function activeFor({ thresholdMs, throttleMs, graceMs }: Times): number {
  return thresholdMs - throttleMs + graceMs - CLOCK_MARGIN_MS;
}

/** How long after an activity a client that connects by itself still brings its user back online, at least. */
export function bringsBackFor({ thresholdMs, throttleMs }: Times): number {
  return thresholdMs - throttleMs - CLOCK_MARGIN_MS;
}

/** So long after the end of a gateway a new connection may be taken for the return of a client that says nothing of it. */
export const RETURN_MS = 60_000;

/** After a gap in which it received nothing, a sweeper gives gateways this long to write what they queued. */
export function quietMs({ gatewayLeaseMs }: Times): number {
  return 2 * gatewayLeaseMs;
}
