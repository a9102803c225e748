/** What people do in a window that shows they are there. */
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "focusin"] as const;

/** When the person did something, and the end of watching for it. */
export interface ActivityWatch {
  /** ms since the person last did something here, or since it is watched */
  idleMs(): number;
  stop(): void;
}

/**
 * Calls `report` when the person does something in `target`, at most once in `everyMs` milliseconds and the first
 * time at once. `now` is a monotonic clock in ms.
 */
export function watchActivity(
  target: EventTarget,
  report: () => void,
  { everyMs, now = () => performance.now() }: { everyMs: number; now?: () => number },
): ActivityWatch {
  let lastSignAt = now();
  let reportedAt = Number.NEGATIVE_INFINITY;
  const onSign = () => {
    lastSignAt = now();
    if (lastSignAt - reportedAt < everyMs) return;
    reportedAt = lastSignAt;
    report();
  };
  for (const sign of SIGNS) target.addEventListener(sign, onSign, { passive: true });
  return {
    idleMs: () => now() - lastSignAt,
    stop() {
      for (const sign of SIGNS) target.removeEventListener(sign, onSign);
    },
  };
}
