/** What people do in a window that shows they are there. */
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "focusin"] as const;

/**
 * Calls `report` when the person does something in `target`, at most once in `everyMs` milliseconds and the first
 * time at once. Returns what ends it. `now` is a monotonic clock in ms.
 */
export function watchActivity(
  target: EventTarget,
  report: () => void,
  { everyMs, now = () => performance.now() }: { everyMs: number; now?: () => number },
): () => void {
  let reportedAt = Number.NEGATIVE_INFINITY;
  const onSign = () => {
    if (now() - reportedAt < everyMs) return;
    reportedAt = now();
    report();
  };
  for (const sign of SIGNS) target.addEventListener(sign, onSign, { passive: true });
  return () => {
    for (const sign of SIGNS) target.removeEventListener(sign, onSign);
  };
}
