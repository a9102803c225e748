/**
 * Calls `onWake` when the page may have slept: it is visible again, comes out of the browser's cache, is resumed, or
 * the machine has a network again. Gives the end of it; without a window there is nothing to hear.
 */
export function watchWaking(onWake: () => void): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => {};
  const onVisibility = () => document.visibilityState === "visible" && onWake();
  const heard: [EventTarget, string, () => void][] = [
    [document, "visibilitychange", onVisibility],
    [document, "resume", onWake],
    [window, "pageshow", onWake],
    [window, "online", onWake],
  ];
  for (const [target, type, listener] of heard) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of heard) target.removeEventListener(type, listener);
  };
}

/** Whether someone may be looking at the page; a host without a document may be looked at. */
export const isPageVisible = (): boolean =>
  typeof document === "undefined" || document.visibilityState !== "hidden";
