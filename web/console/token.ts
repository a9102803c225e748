"use client";

import { useSyncExternalStore } from "react";

/** The administrator's token: kept for the life of the tab, apart from the user page's. */

const KEY = "meeshy.console.token";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
  for (const listener of listeners) listener();
}

/** The token; null when signed out; undefined while the page is not alive yet. */
export const useToken = (): string | null | undefined =>
  useSyncExternalStore<string | null | undefined>(
    subscribe,
    () => sessionStorage.getItem(KEY),
    () => undefined,
  );
