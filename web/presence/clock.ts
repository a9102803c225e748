const TICK_MS = 15_000;

/**
 * The server's time, as far as it is known: how old dates are does not depend on the viewer's clock. One time holds for
 * all readers until it is renewed, every 15 s while someone listens.
 */
export interface PresenceClock {
  /** ms since 1970 */
  now(): number;
  /** Calls `listener` when the time is renewed; gives the end of it. */
  subscribe(listener: () => void): () => void;
  /** Sets the time by a server's `serverTime`; what is no time is ignored. */
  sync(serverTime: unknown): void;
  /** Renews the time now; listeners are not called. */
  renew(): void;
}

/** `wall`: the viewer's clock, ms since 1970; `steady`: a monotonic one, ms. */
export function createPresenceClock(
  wall: () => number = Date.now,
  steady: () => number = () => performance.now(),
): PresenceClock {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  /** server time less steady time, ms; undefined: no server has said it */
  let offset: number | undefined;
  let now = wall();

  const renew = () => {
    now = offset === undefined ? wall() : steady() + offset;
  };
  const notify = () => {
    renew();
    for (const listener of [...listeners]) listener();
  };
  return {
    now: () => now,
    renew,
    sync(serverTime) {
      const given = typeof serverTime === "string" ? Date.parse(serverTime) : Number.NaN;
      if (Number.isNaN(given)) return;
      offset = given - steady();
      renew();
    },
    subscribe(listener) {
      listeners.add(listener);
      timer ??= setInterval(notify, TICK_MS);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
