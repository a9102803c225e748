"use client";

import { useSyncExternalStore } from "react";
import { DEFAULT_LOCALE, type Locale } from "../presence/locale.ts";

const KEY = "meeshy.locale";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The person's choice, else the browser's language. */
function readLocale(): Locale {
  return (localStorage.getItem(KEY) ?? navigator.language).startsWith("fr") ? "fr" : "en";
}

export function chooseLocale(locale: Locale): void {
  localStorage.setItem(KEY, locale);
  for (const listener of listeners) listener();
}

export function useLocale(): Locale {
  return useSyncExternalStore(subscribe, readLocale, () => DEFAULT_LOCALE);
}
