/**
 * The failure detector's self-check: silence of others proves nothing until this sweeper has proved that it
 * receives, by its own heartbeat, which comes back through the board (ARCHITECTURE principle 6, "Failure
 * detection and its self-check"). Pure; every time is this process' own monotonic clock, in ms.
 *
 * Each observation gives a verdict; the first that applies counts:
 * - A gap: the link is down; two looks lie too far apart; the own heartbeat has been silent for half a
 *   gateway lease; or all workers and all gateways are silent, which is likelier one fault here than many
 *   there. Paused.
 * - A gap was over less than two of the longest gateway leases ago: gateways reconnect and write what they
 *   queued.
 * - The own heartbeat has not come back yet, since the start.
 * - A gateway that was there at the start is silent since, for two leases at most: then more than this
 *   process was down.
 * - All workers are silent.
 * - Otherwise: running.
 *
 * Paused, a sweeper writes no timeouts, declares no gateway lost and removes nothing; it only finishes losses
 * that were declared before. The error is always on the side of "online": a fault of this process, its host
 * or its link makes no user look offline. Other sweepers judge for themselves, and go on.
 */

/** When an entry of the lease board was last seen to change. */
export interface Sign {
  id: string;
  changedAt: number;
  /** for how long its process may be silent, ms */
  leaseMs: number;
}

export interface Observation {
  now: number;
  linkUp: boolean;
  /** when the own heartbeat last came back through the board; null: not yet */
  ownBeatAt: number | null;
  workers: readonly Sign[];
  /** those not declared lost */
  gateways: readonly Sign[];
}

export interface SelfCheckRules {
  gatewayLeaseMs: number;
  /** how often {@link observe} is called */
  everyMs: number;
}

export type Verdict = { state: "running" } | { state: "paused"; reason: string };

export interface SelfCheckState {
  begunAt: number;
  observedAt: number;
  inGap: boolean;
  /** when the last gap was over, or was last seen to last; null: there was none */
  gapAt: number | null;
  /** gateways that were there at the start and have sent no heartbeat since */
  awaited: readonly Sign[];
  verdict: Verdict;
}

const RUNNING: Verdict = { state: "running" };
const paused = (reason: string): Verdict => ({ state: "paused", reason });

/**
 * Longest silence of the own heartbeat with which the self-check passes: half a gateway lease, so that it fails before
 * the same fault makes a gateway look lost.
 */
export const selfCheckTimeoutMs = (gatewayLeaseMs: number): number => gatewayLeaseMs / 2;
/** Longest time between two looks that is not taken for a pause of this process. */
const MAX_GAP_MS = 2_000;

/** How long gateways are not judged after a gap: they reconnect, and write what they queued. */
const quietMs = ({ gateways }: Observation, { gatewayLeaseMs }: SelfCheckRules): number =>
  2 * gateways.reduce((longest, { leaseMs }) => Math.max(longest, leaseMs), gatewayLeaseMs);

/** The state after one more observation; `undefined` is the state before the first. */
export function observe(
  before: SelfCheckState | undefined,
  seen: Observation,
  rules: SelfCheckRules,
): SelfCheckState {
  const begunAt = before?.begunAt ?? seen.now;
  const gap = gapOf(before, seen, rules);
  const inGap = gap !== undefined;
  const gapAt = inGap || before?.inGap ? seen.now : (before?.gapAt ?? null);
  const awaited = stillAwaited(before?.awaited ?? seen.gateways, seen, begunAt);
  return {
    begunAt,
    observedAt: seen.now,
    inGap,
    gapAt,
    awaited,
    verdict: gap === undefined ? decide({ begunAt, gapAt, awaited }, seen, rules) : paused(gap),
  };
}

/** Since when, without a break, this sweeper has received. */
export const receivingSince = (state: SelfCheckState): number => state.gapAt ?? state.begunAt;

/** Why what is received now proves nothing about the time before. */
function gapOf(
  before: SelfCheckState | undefined,
  seen: Observation,
  rules: SelfCheckRules,
): string | undefined {
  const { now } = seen;
  const timeoutMs = selfCheckTimeoutMs(rules.gatewayLeaseMs);
  if (!seen.linkUp) return "the link to NATS is down";
  if (before && now - before.observedAt > Math.max(2 * rules.everyMs, Math.min(MAX_GAP_MS, timeoutMs))) {
    return "this process stood still";
  }
  if (now - (seen.ownBeatAt ?? before?.begunAt ?? now) > timeoutMs)
    return "the own heartbeat does not come back";
  const othersExist = seen.workers.length > 0 && seen.gateways.length > 0;
  if (othersExist && allSilent(seen.workers, now) && allSilent(seen.gateways, now)) {
    return "no other heartbeat arrives";
  }
  return undefined;
}

function decide(
  state: Pick<SelfCheckState, "begunAt" | "gapAt" | "awaited">,
  seen: Observation,
  rules: SelfCheckRules,
): Verdict {
  const { now } = seen;
  // Timeouts stop too: a deadline must not pass while the activity that moves it waits in a gateway's queue.
  if (state.gapAt !== null && now < state.gapAt + quietMs(seen, rules)) {
    return paused("gateways are given time after a gap");
  }
  if (seen.ownBeatAt === null) return paused("the own heartbeat has not come back yet");
  // A first start is no gap, unless gateways that were there keep silent: then more than this process went down.
  if (state.awaited.length > 0 && now < state.begunAt + quietMs(seen, rules)) {
    return paused("gateways of before the start are awaited");
  }
  if (seen.workers.length > 0 && allSilent(seen.workers, now)) {
    return paused("workers stand still");
  }
  return RUNNING;
}

const allSilent = (signs: readonly Sign[], now: number): boolean =>
  signs.every(({ changedAt, leaseMs }) => now - changedAt > leaseMs);

/** Of those awaited, the ones that are still there and have not changed since the start. */
function stillAwaited(awaited: readonly Sign[], seen: Observation, begunAt: number): readonly Sign[] {
  if (awaited.length === 0) return awaited;
  const changedAt = new Map(seen.gateways.map((sign) => [sign.id, sign.changedAt]));
  return awaited.filter(({ id }) => {
    const at = changedAt.get(id);
    return at !== undefined && at <= begunAt;
  });
}
