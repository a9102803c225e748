"use client";

import { useMemo, useSyncExternalStore } from "react";

/** What the page shows, as the part of the address after `#`: so that "back" goes back, on a phone too. */
export interface Route {
  /** which column a narrow window shows */
  pane: "list" | "chat" | "people";
  conversationId?: string;
  /** whose profile is open */
  personId?: string;
}

export function parseRoute(hash: string): Route {
  const [conversationId, people, personId] = hash
    .replace(/^#\/?/, "")
    .split("/")
    .map((part) => decode(part));
  if (!conversationId) return { pane: "list" };
  if (people !== "people") return { pane: "chat", conversationId };
  return { pane: "people", conversationId, ...(personId ? { personId } : {}) };
}

export function hrefOf({ pane, conversationId, personId }: Route): string {
  if (conversationId === undefined || pane === "list") return "#/";
  const parts = [conversationId, ...(pane === "people" ? ["people"] : []), ...(personId ? [personId] : [])];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(
    subscribe,
    () => location.hash,
    () => "",
  );
  return useMemo(() => parseRoute(hash), [hash]);
}

/** Forgets what was shown: the next person begins afresh. */
export function resetRoute(): void {
  history.replaceState(null, "", location.pathname);
  window.dispatchEvent(new Event("hashchange"));
}
