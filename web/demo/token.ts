"use client";

import { useSyncExternalStore } from "react";

/** What this window signs in with: kept for the life of the tab, never in the address bar. */

const KEY = "meeshy.token";
const TOKEN = "token";
const SESSION = "session";
const PERSON = "as";
/** A guest's session is kept beside tokens, in which there is no colon. */
const GUEST = "guest:";

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

export type Credential = { token: string } | { sessionToken: string };

export const storeCredential = (credential: Credential): void =>
  storeToken("token" in credential ? credential.token : GUEST + credential.sessionToken);

/** What {@link useToken} gives, as the client takes it. */
export const credentialOf = (stored: string): Credential =>
  stored.startsWith(GUEST) ? { sessionToken: stored.slice(GUEST.length) } : { token: stored };

/**
 * Moves `?token=…`, or a guest's `?session=…`, from the address, where it would be seen, copied and logged, to the session
 * of this tab. `?as=bob` signs out, and asks for a person of the demo.
 */
export function adoptAddress(): void {
  const address = new URL(location.href);
  const take = (name: string) => {
    const value = address.searchParams.get(name);
    address.searchParams.delete(name);
    return value;
  };
  const [token, session, person] = [take(TOKEN), take(SESSION), take(PERSON)];
  const given = token ?? (session === null ? null : GUEST + session);
  if (given === null && person === null) return;
  history.replaceState(history.state, "", address);
  wanted = given === null ? person : null;
  storeToken(given);
}

/** Whom `?as=…` asked for, once. */
export function takeWantedPerson(): string | null {
  const person = wanted;
  wanted = null;
  return person;
}

/** What {@link credentialOf} reads; null when signed out; undefined while the page is not alive yet. */
export function useToken(): string | null | undefined {
  return useSyncExternalStore<string | null | undefined>(
    subscribe,
    () => sessionStorage.getItem(KEY),
    () => undefined,
  );
}
