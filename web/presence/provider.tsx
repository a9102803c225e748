"use client";

import { createContext, type ReactNode, useContext, useMemo } from "react";
import { DEFAULT_LOCALE, type Locale } from "./locale.ts";
import type { Presence } from "./socket.ts";

interface PresenceContextValue {
  presence: Presence;
  locale: Locale;
}

const PresenceContext = createContext<PresenceContextValue | null>(null);

/** Gives the components and hooks below it a presence and a language. */
export function PresenceProvider({
  presence,
  locale = DEFAULT_LOCALE,
  children,
}: {
  presence: Presence;
  locale?: Locale;
  children: ReactNode;
}) {
  const value = useMemo(() => ({ presence, locale }), [presence, locale]);
  return <PresenceContext value={value}>{children}</PresenceContext>;
}

/**
 * What the provider above holds: the connection and the language.
 * @throws {Error} there is no provider above
 */
export function usePresenceContext(): PresenceContextValue {
  const value = useContext(PresenceContext);
  if (value === null) throw new Error("Presence hooks and components need a <PresenceProvider> above them.");
  return value;
}
