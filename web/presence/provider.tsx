import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import { DEFAULT_LOCALE, type Locale } from "./locale.ts";
import { createPresence, type Presence, type PresenceOptions } from "./presence.ts";

interface PresenceContextValue {
  presence: Presence;
  locale: Locale;
}

const PresenceContext = /* @__PURE__ */ createContext<PresenceContextValue | null>(null);

/** What {@link PresenceProvider} takes: how to connect, or a presence that the application has made. */
export type PresenceProviderProps = {
  locale?: Locale;
  children?: ReactNode;
} & (PresenceOptions | { presence: Presence });

/**
 * Gives the components and hooks below it a presence and a language. It connects once it is on the page, not while a
 * server renders, and leaves when it goes. Another `url` or another token as text is another connection; a token
 * function may be a new one at each render. Give it a `key` of the person's id where people sign in one after the other.
 */
export function PresenceProvider({ locale = DEFAULT_LOCALE, children, ...props }: PresenceProviderProps) {
  const given = "presence" in props ? props.presence : undefined;
  const options = "presence" in props ? {} : props;
  const latest = useRef<PresenceOptions>(options);
  useEffect(() => {
    latest.current = options;
  });
  const { url, path, apiPath, token, sessionToken, connect = true } = options;
  const isSession = token === undefined && sessionToken !== undefined;
  const source = isSession ? sessionToken : token;
  const identity = JSON.stringify([url, path, apiPath, isSession, typeof source === "function" ? 0 : source]);
  // What else is given is read when it is used: another function is no other connection.
  const presence = useMemo(() => given ?? prepare(latest), [given, identity]);
  useEffect(() => {
    if (given || !connect) return;
    let isBegun = false;
    // In development React mounts twice: the first time opens nothing.
    const timer = setTimeout(() => {
      isBegun = true;
      presence.reconnect();
    });
    return () => {
      clearTimeout(timer);
      if (isBegun) presence.leave();
    };
  }, [given, presence, connect]);
  const value = useMemo(() => ({ presence, locale }), [presence, locale]);
  return <PresenceContext.Provider value={value}>{children}</PresenceContext.Provider>;
}

/** A presence that opens nothing yet, and asks the latest functions of the application. */
function prepare(latest: { readonly current: PresenceOptions }): Presence {
  const { token, sessionToken, traceparent, ...rest } = latest.current;
  const current = (source: PresenceOptions["token"], name: "token" | "sessionToken") =>
    typeof source === "function"
      ? () => {
          const now = latest.current[name];
          return typeof now === "function" ? now() : now;
        }
      : source;
  return createPresence({
    ...rest,
    token: current(token, "token"),
    sessionToken: current(sessionToken, "sessionToken"),
    ...(traceparent && { traceparent: () => latest.current.traceparent?.() }),
    connect: false,
  });
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
