import type { Bus } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";

/** A moment by both clocks: silence is measured by the monotonic one, viewers receive the other. */
export interface Moment {
  monotonic: number;
  wall: number;
}
export const thisMoment = (clock: Clock): Moment => ({ monotonic: clock.now(), wall: clock.wall() });

/** Whether the statuses of this gateway are proved to be all that were stored: the reason `feed` of CONTRACT 4. */
export interface Freshness {
  /** The view held all that was stored at this moment. */
  prove(at: Moment): void;
  /** The view turned out to be of something that is gone: it may be out of date until proved again. */
  doubt(): void;
  /** how long ago the view was last proved to hold all that was stored, ms */
  lagMs(): number;
  /** ms since 1970; null: the view is right */
  staleSince(): number | null;
  /** Calls back with each change: since when the view may be out of date, or null when it is right again. */
  onChange(listener: (since: number | null) => void): void;
  stop(): void;
}

/** Without proof for this long the view may be out of date. */
const UNPROVEN_MS = 3_000;
/** A link that comes back sooner is not worth a notice: what was missed is read at once. */
const LINK_DOWN_MS = 1_000;
const LOOK_EVERY_MS = 200;

export function createFreshness(bus: Bus): Freshness {
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
      // As if it had never been proved.
      proven = { ...proven, monotonic: Math.min(proven.monotonic, clock.now() - UNPROVEN_MS - 1) };
      judge();
    },
    lagMs: () => clock.now() - proven.monotonic,
    staleSince: () => stale,
    onChange: (listener) => void listeners.push(listener),
    stop() {
      timer.cancel();
      unsubscribe();
    },
  };
}
