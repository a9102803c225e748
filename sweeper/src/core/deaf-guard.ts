/**
 * Whether this sweeper may speak: silence is not death unless the observer has proved that it can hear
 * (DESIGN principle 6, "sweeper"). Pure; every time is this process' own monotonic clock, in ms.
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

export interface GuardRules {
  gatewayLeaseMs: number;
  /** how often the guard is asked */
  everyMs: number;
}

export type Verdict = { state: "running" } | { state: "paused"; reason: string };

export interface GuardState {
  begunAt: number;
  observedAt: number;
  inGap: boolean;
  /** when the last gap was over, or was last seen to last; null: there was none */
  gapAt: number | null;
  /** gateways that were there at the start and have not been heard since */
  awaited: readonly Sign[];
  verdict: Verdict;
}

const RUNNING: Verdict = { state: "running" };
const paused = (reason: string): Verdict => ({ state: "paused", reason });

/**
 * Longest silence of the own heartbeat that proves nothing yet: half a gateway lease, so that deafness is
 * noticed before it looks like a gateway's death.
 */
export const deafAfterMs = (gatewayLeaseMs: number): number => gatewayLeaseMs / 2;
/** Longest time between two looks that is not taken for a pause of this process. */
const MAX_GAP_MS = 2_000;

/** How long gateways are left in peace after a gap: they reconnect, and write what they queued. */
const quietMs = ({ gateways }: Observation, { gatewayLeaseMs }: GuardRules): number =>
  2 * gateways.reduce((longest, { leaseMs }) => Math.max(longest, leaseMs), gatewayLeaseMs);

/** The guard's state after one more observation; `undefined` is the state before the first. */
export function observe(before: GuardState | undefined, seen: Observation, rules: GuardRules): GuardState {
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

/** Since when, without a break, this sweeper has been able to hear. */
export const hearingSince = (state: GuardState): number => state.gapAt ?? state.begunAt;

/** Why what is heard now proves nothing about the time before. */
function gapOf(before: GuardState | undefined, seen: Observation, rules: GuardRules): string | undefined {
  const { now } = seen;
  const deafAfter = deafAfterMs(rules.gatewayLeaseMs);
  if (!seen.linkUp) return "the link to NATS is down";
  if (before && now - before.observedAt > Math.max(2 * rules.everyMs, Math.min(MAX_GAP_MS, deafAfter))) {
    return "this process stood still";
  }
  if (now - (seen.ownBeatAt ?? before?.begunAt ?? now) > deafAfter) return "the own heartbeat is not heard";
  const someoneMayBeHeard = seen.workers.length > 0 && seen.gateways.length > 0;
  if (someoneMayBeHeard && allSilent(seen.workers, now) && allSilent(seen.gateways, now)) {
    return "nobody else is heard";
  }
  return undefined;
}

function decide(
  state: Pick<GuardState, "begunAt" | "gapAt" | "awaited">,
  seen: Observation,
  rules: GuardRules,
): Verdict {
  const { now } = seen;
  // Timeouts stop too: a deadline must not pass while the activity that moves it waits in a gateway's queue.
  if (state.gapAt !== null && now < state.gapAt + quietMs(seen, rules)) {
    return paused("gateways are given time after a gap");
  }
  if (seen.ownBeatAt === null) return paused("the own heartbeat is not heard yet");
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
