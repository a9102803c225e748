"use client";

import { useSyncExternalStore } from "react";

/** From this width on there is room for three columns; the style sheets say the same. */
const WIDE = "(min-width: 60rem)";

/** Whether all columns are shown, and not one at a time. */
export function useIsWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(WIDE);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia(WIDE).matches,
    () => true,
  );
}

/** Whether someone may be looking at the page. */
export function useIsVisible(): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener("visibilitychange", listener);
      return () => document.removeEventListener("visibilitychange", listener);
    },
    () => document.visibilityState === "visible",
    () => true,
  );
}
