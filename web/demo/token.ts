"use client";

import { useSyncExternalStore } from "react";
import { type Credential, type DemoPerson, readDemoPeople } from "./demo-people.ts";
import { sessionStore } from "./storage.ts";

/** What this window signs in with: kept for the life of the tab, never in the address bar. */

const KEY = "meeshy.token";
const TOKEN = "token";
const SESSION = "session";
const PERSON = "as";
/** A guest's session, and the id of a person of the demo, are kept beside tokens, in which there is no colon. */
const GUEST = "guest:";
const DEMO = "demo:";

const listeners = new Set<() => void>();
let wanted: string | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function storeToken(token: string | null): void {
  if (token === null) sessionStore.removeItem(KEY);
  else sessionStore.setItem(KEY, token);
  for (const listener of listeners) listener();
}

/** Signs in as a person of the demo: by name where there is a token for them, so that a new one is asked for in time. */
export const storePerson = (person: DemoPerson): void =>
  storeToken("token" in person ? DEMO + person.id : GUEST + person.sessionToken);

/** What {@link useToken} gives, as the client takes it. */
export function credentialOf(stored: string): Credential | { token: () => Promise<string | null> } {
  if (stored.startsWith(GUEST)) return { sessionToken: stored.slice(GUEST.length) };
  if (stored.startsWith(DEMO)) return { token: () => tokenOf(stored.slice(DEMO.length)) };
  return { token: stored };
}

/** The token that the launcher offers now; null: it offers this person no more. */
async function tokenOf(id: string): Promise<string | null> {
  const person = (await readDemoPeople()).find((one) => one.id === id);
  return person && "token" in person ? person.token : null;
}

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
    () => sessionStore.getItem(KEY),
    () => undefined,
  );
}
