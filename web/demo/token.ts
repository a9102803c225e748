"use client";

import { useSyncExternalStore } from "react";

/** The token of this window: kept for the life of the tab, never in the address bar. */

const KEY = "meeshy.token";
const TOKEN = "token";
const PERSON = "as";

const listeners = new Set<() => void>();
let wanted: string | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
  for (const listener of listeners) listener();
}

/**
 * Moves `?token=…` from the address, where it would be seen, copied and logged, to the session of this tab. `?as=bob`
 * signs out, and asks for a person of the demo.
 */
export function adoptAddress(): void {
  const address = new URL(location.href);
  const token = address.searchParams.get(TOKEN);
  const person = address.searchParams.get(PERSON);
  if (token === null && person === null) return;
  address.searchParams.delete(TOKEN);
  address.searchParams.delete(PERSON);
  history.replaceState(history.state, "", address);
  wanted = token === null ? person : null;
  storeToken(token);
}

/** Whom `?as=…` asked for, once. */
export function takeWantedPerson(): string | null {
  const person = wanted;
  wanted = null;
  return person;
}

/** The token; null when signed out; undefined while the page is not alive yet. */
export function useToken(): string | null | undefined {
  return useSyncExternalStore<string | null | undefined>(
    subscribe,
    () => sessionStorage.getItem(KEY),
    () => undefined,
  );
}
