"use client";

import { useSyncExternalStore } from "react";
import { localStore } from "./storage.ts";
/** The languages of the page. */
export type Language = "en" | "fr";

const KEY = "meeshy.locale";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The person's choice, else the browser's language. */
function readLocale(): Language {
  return (localStore.getItem(KEY) ?? navigator.language).startsWith("fr") ? "fr" : "en";
}

export function chooseLocale(locale: Language): void {
  localStore.setItem(KEY, locale);
  for (const listener of listeners) listener();
}

export function useLocale(): Language {
  return useSyncExternalStore(subscribe, readLocale, () => "en");
}
