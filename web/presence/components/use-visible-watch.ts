import { useEffect, useRef } from "react";
import { usePresenceClient } from "../hooks.ts";
import type { Presence } from "../presence.ts";

/** How far outside of the window a row is watched already. */
const MARGIN = "200px";

interface Observer {
  observe(element: Element, onVisible: (isVisible: boolean) => void): () => void;
}
const observers = new WeakMap<Presence, Observer>();

/** One observer serves all rows of a page. */
function observerOf(presence: Presence): Observer {
  const found = observers.get(presence);
  if (found) return found;
  const listeners = new Map<Element, (isVisible: boolean) => void>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) listeners.get(target)?.(isIntersecting);
    },
    { rootMargin: MARGIN },
  );
  const made: Observer = {
    observe(element, onVisible) {
      listeners.set(element, onVisible);
      observer.observe(element);
      return () => {
        listeners.delete(element);
        observer.unobserve(element);
      };
    },
  };
  observers.set(presence, made);
  return made;
}

/** Watches the person while the element is in the window or near it; where that cannot be seen, while it is mounted. */
export function useVisibleWatch(userId: string | undefined) {
  const presence = usePresenceClient();
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (userId === undefined) return;
    if (element.current === null || typeof IntersectionObserver === "undefined") {
      return presence.watch([userId]);
    }
    let end: (() => void) | undefined;
    const stop = observerOf(presence).observe(element.current, (isVisible) => {
      if (isVisible) end ??= presence.watch([userId]);
      else {
        end?.();
        end = undefined;
      }
    });
    return () => {
      stop();
      end?.();
    };
  }, [presence, userId]);
  return element;
}
