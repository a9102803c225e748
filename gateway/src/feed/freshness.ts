import type { Bus } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { GatewayMetrics } from "../metrics.ts";

/** A moment by both clocks: silence is measured by the monotonic one, viewers are told the other. */
export interface Moment {
  monotonic: number;
  wall: number;
}
export const thisMoment = (clock: Clock): Moment => ({ monotonic: clock.now(), wall: clock.wall() });

/** Whether the view of statuses is right (CONTRACT 4, `presence:stale` and `presence:fresh`). */
export interface Freshness {
  /** The view held all that was stored at this moment. */
  prove(at: Moment): void;
  /** The view turned out to be of something that is gone: it may be out of date until proved again. */
  doubt(): void;
  /** ms since 1970; null: the view is right */
  staleSince(): number | null;
  /** Hears of each change: since when the view may be out of date, or null when it is right again. */
  onChange(listener: (since: number | null) => void): void;
  stop(): void;
}

export interface FreshnessDeps {
  bus: Bus;
  metrics: GatewayMetrics;
  logger: Logger;
}

/** Without proof for this long the view may be out of date. */
const UNPROVEN_MS = 3_000;
/** A link that comes back sooner is not worth telling: what was missed is read at once. */
const LINK_DOWN_MS = 1_000;
const LOOK_EVERY_MS = 200;

export function createFreshness({ bus, metrics, logger }: FreshnessDeps): Freshness {
  const { clock } = bus;
  const listeners: ((since: number | null) => void)[] = [];
  let proven = thisMoment(clock);
  let downAt = 0;
  let stale: number | null = null;

  const judge = () => {
    const now = clock.now();
    const isCutOff = !bus.isUp() && now - downAt > LINK_DOWN_MS;
    const isStale = isCutOff || now - proven.monotonic > UNPROVEN_MS;
    if (isStale === (stale !== null)) return;
    stale = isStale ? proven.wall : null;
    metrics.stale.set(isStale ? 1 : 0);
    if (isStale) logger.warn({ since: stale }, "view of statuses may be out of date");
    else logger.info("view of statuses is right again");
    for (const listener of listeners) listener(stale);
  };
  const timer = clock.every(LOOK_EVERY_MS, judge);
  const unsubscribe = bus.onChange((up) => {
    if (!up) downAt = clock.now();
  });

  return {
    prove(at) {
      proven = at;
      judge();
    },
    doubt() {
      proven = { ...proven, monotonic: Number.NEGATIVE_INFINITY };
      judge();
    },
    staleSince: () => stale,
    onChange: (listener) => void listeners.push(listener),
    stop() {
      timer.cancel();
      unsubscribe();
    },
  };
}
