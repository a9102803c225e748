/** The languages of the SDK, and every word that it shows. */

export type Locale = "en" | "fr";
export type Status = "online" | "away" | "offline";

export const DEFAULT_LOCALE: Locale = "en";

export const STATUS_LABELS: Record<Locale, Record<Status, string>> = {
  en: { online: "Online", away: "Away", offline: "Offline" },
  fr: { online: "En ligne", away: "Absent", offline: "Hors ligne" },
};

interface LastSeenWords {
  now: string;
  justNow: string;
  /** `when` in words, like "5 minutes ago" */
  ago: (when: string) => string;
  on: (date: string) => string;
}

export const LAST_SEEN_WORDS: Record<Locale, LastSeenWords> = {
  en: {
    now: "Active now",
    justNow: "Last seen just now",
    ago: (when) => `Last seen ${when}`,
    on: (date) => `Last seen ${date}`,
  },
  fr: {
    now: "Actif maintenant",
    justNow: "Vu à l’instant",
    ago: (when) => `Vu ${when}`,
    on: (date) => `Vu le ${date}`,
  },
};
