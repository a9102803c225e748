/** What people do in a window that shows they are there. */
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "focusin"] as const;

/** When the person did something. */
export interface ActivityWatch {
  /** Begins, or begins again: the first sign is reported at once. */
  start(): void;
  /** The person did something: for hosts without a document. */
  sign(): void;
  /** ms since the person last did something here, or since it is watched */
  idleMs(): number;
  stop(): void;
}

interface ActivityWatchOptions {
  /** At most one report in this time, ms. */
  everyMs: number;
  /** ms; it goes on while the machine sleeps */
  now?: () => number;
}

/**
 * Calls `report` when the person does something in `target`, at most once in `everyMs` milliseconds and the first
 * time at once. `report` gives whether the report went out: one that did not is made at the next sign.
 */
export function watchActivity(
  target: EventTarget | undefined,
  report: () => boolean,
  { everyMs, now = createSleeplessClock() }: ActivityWatchOptions,
): ActivityWatch {
  let lastSignAt = now();
  let reportedAt = Number.NEGATIVE_INFINITY;
  const sign = () => {
    lastSignAt = now();
    if (lastSignAt - reportedAt >= everyMs && report()) reportedAt = lastSignAt;
  };
  return {
    start() {
      lastSignAt = now();
      reportedAt = Number.NEGATIVE_INFINITY;
      for (const type of SIGNS) target?.addEventListener(type, sign, { passive: true });
    },
    sign,
    idleMs: () => now() - lastSignAt,
    stop() {
      for (const type of SIGNS) target?.removeEventListener(type, sign);
    },
  };
}

/** `performance.now()` stands still while some machines sleep; the viewer's clock may be set back. The greater counts. */
function createSleeplessClock(): () => number {
  let steady = performance.now();
  let wall = Date.now();
  let elapsed = 0;
  return () => {
    const [steadyNow, wallNow] = [performance.now(), Date.now()];
    elapsed += Math.max(steadyNow - steady, wallNow - wall);
    [steady, wall] = [steadyNow, wallNow];
    return elapsed;
  };
}
