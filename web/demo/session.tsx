"use client";

import { createContext, useContext } from "react";
import type { Presence } from "../presence/presence.ts";
import type { Api } from "./api.ts";
import type { Language } from "./locale.ts";
import type { Texts } from "./texts.ts";

export interface Session {
  api: Api;
  presence: Presence;
  texts: Texts;
  locale: Language;
  signOut: () => void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("This part of the page is for people who are signed in.");
  return session;
}
