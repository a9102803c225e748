/** The languages of the SDK, and the words of statuses. English and French are there; an application adds others. */
import type { Phrases } from "./phrases.ts";

/** A language: `en`, `fr`, or what was registered; anything else reads as English. */
export type Locale = "en" | "fr" | (string & {});
/** What a person is shown as. */
export type Status = "online" | "away" | "offline";

export const DEFAULT_LOCALE: Locale = "en";

interface StatusWords {
  status: Record<Status, string>;
  lastSeen: {
    now: string;
    justNow: string;
    /** `when` in words, like "5 minutes ago" */
    ago: (when: string) => string;
    /** `date` in words, like "Jan 3, 2026" */
    on: (date: string) => string;
  };
  /** of who left within half an hour; a language without it says what it says of who is away */
  left?: {
    label: string;
    justNow: string;
    /** `when` in words, like "5 minutes ago" */
    ago: (when: string) => string;
  };
  /** beside a status that may be old */
  stale: string;
}

/** Every word that the SDK shows, in one language. */
export interface Words extends StatusWords, Phrases {}

const languages = new Map<string, StatusWords & Partial<Phrases>>([
  [
    "en",
    {
      status: { online: "Online", away: "Away", offline: "Offline" },
      lastSeen: {
        now: "Active now",
        justNow: "Last seen just now",
        ago: (when) => `Last seen ${when}`,
        on: (date) => `Last seen ${date}`,
      },
      left: { label: "Left", justNow: "Left just now", ago: (when) => `Left ${when}` },
      stale: "may be out of date",
    },
  ],
  [
    "fr",
    {
      status: { online: "En ligne", away: "Absent", offline: "Hors ligne" },
      lastSeen: {
        now: "Actif maintenant",
        justNow: "Vu à l’instant",
        ago: (when) => `Vu ${when}`,
        on: (date) => `Vu le ${date}`,
      },
      left: { label: "Parti", justNow: "Parti à l’instant", ago: (when) => `Parti ${when}` },
      stale: "peut-être plus à jour",
    },
  ],
]);

/** Adds a language, or replaces one; before anything is rendered in it. */
export function registerLocale(locale: string, words: Words): void {
  languages.set(locale, words);
}

/** The best of `known` for a language: of `pt-BR` that of `pt-BR`, else of `pt`, else English. */
export function bestOf<T>(known: ReadonlyMap<string, T>, locale: Locale): T {
  const found = known.get(locale) ?? known.get(locale.split("-")[0] ?? "") ?? known.get(DEFAULT_LOCALE);
  if (found === undefined) throw new Error("There is no English.");
  return found;
}

/** The words of a language. */
export const wordsOf = (locale: Locale): StatusWords & Partial<Phrases> => bestOf(languages, locale);
