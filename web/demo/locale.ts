"use client";

import { useSyncExternalStore } from "react";
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
  return (localStorage.getItem(KEY) ?? navigator.language).startsWith("fr") ? "fr" : "en";
}

export function chooseLocale(locale: Language): void {
  localStorage.setItem(KEY, locale);
  for (const listener of listeners) listener();
}

export function useLocale(): Language {
  return useSyncExternalStore(subscribe, readLocale, () => "en");
}
