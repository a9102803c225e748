"use client";

import { useSyncExternalStore } from "react";

/** The token of this window: kept for the life of the tab, never in the address bar. */

const KEY = "meeshy.token";
const PARAMETER = "token";

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

/** Moves `?token=…` from the address, where it would be seen, copied and logged, to the session of this tab. */
export function adoptTokenFromAddress(): void {
  const address = new URL(location.href);
  const token = address.searchParams.get(PARAMETER);
  if (token === null) return;
  address.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", address);
  storeToken(token);
}

/** The token; null when signed out; undefined while the page is not alive yet. */
export function useToken(): string | null | undefined {
  return useSyncExternalStore<string | null | undefined>(
    subscribe,
    () => sessionStorage.getItem(KEY),
    () => undefined,
  );
}
