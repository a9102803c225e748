import type { EndReason } from "./connection.ts";
import { bestOf, DEFAULT_LOCALE, type Locale, wordsOf } from "./locale.ts";
import type { Availability, ErrorCode } from "./wire.ts";

/** What the SDK says besides statuses: an application that shows none of it does not load it. */
export interface Phrases {
  availability: Record<Availability, string>;
  availabilityLabel: string;
  connection: { connecting: string; stale: string; recovering: string; ended: string };
  endings: Record<EndReason, string>;
  /** how many of a conversation are online */
  occupancy: (online: number, total: number) => string;
  /** `count` more people than are shown */
  more: (count: number) => string;
  errors: Record<ErrorCode, string>;
}

const builtIn = (): ReadonlyMap<string, Phrases> =>
  new Map([
    ["en", en],
    ["fr", fr],
  ]);

const en: Phrases = {
  availability: { available: "Available", busy: "Busy", dnd: "Do not disturb", invisible: "Invisible" },
  availabilityLabel: "Status",
  connection: {
    connecting: "Connecting…",
    stale: "Not up to date. Reconnecting automatically.",
    recovering: "Updating…",
    ended: "Disconnected",
  },
  endings: {
    left: "You are signed out.",
    replaced: "You connected in another window or on another device.",
    expired: "Your sign-in has expired.",
    closed: "An administrator closed this connection.",
  },
  occupancy: (online, total) => `${online} of ${total} online`,
  more: (count) => `${count} more`,
  errors: {
    bad_request: "That did not work. Reload the page and try again.",
    unauthorized: "You are not signed in. Sign in again.",
    token_expired: "Your sign-in has expired. Sign in again.",
    session_expired: "This session has ended. Open the invitation link again.",
    account_disabled: "This account is disabled. Ask an administrator.",
    forbidden: "You are not allowed to do this.",
    not_found: "This was not found.",
    payload_too_large: "This is too long.",
    too_many_ids: "These are too many at once.",
    unknown_event: "That did not work. Reload the page and try again.",
    rate_limited: "Too many requests. Wait a moment.",
    internal: "Something went wrong. Try again.",
    not_implemented: "This is not available here.",
    unavailable: "The service is not available at the moment.",
  },
};

const fr: Phrases = {
  availability: {
    available: "Disponible",
    busy: "Occupé",
    dnd: "Ne pas déranger",
    invisible: "Invisible",
  },
  availabilityLabel: "Statut",
  connection: {
    connecting: "Connexion…",
    stale: "Pas à jour. Reconnexion automatique.",
    recovering: "Mise à jour…",
    ended: "Déconnecté",
  },
  endings: {
    left: "Vous êtes déconnecté.",
    replaced: "Vous vous êtes connecté dans une autre fenêtre ou sur un autre appareil.",
    expired: "Votre connexion a expiré.",
    closed: "Un administrateur a fermé cette connexion.",
  },
  occupancy: (online, total) => `${online} sur ${total} en ligne`,
  more: (count) => `${count} de plus`,
  errors: {
    bad_request: "Cela n’a pas marché. Rechargez la page et réessayez.",
    unauthorized: "Vous n’êtes pas connecté. Reconnectez-vous.",
    token_expired: "Votre connexion a expiré. Reconnectez-vous.",
    session_expired: "Cette session est terminée. Rouvrez le lien d’invitation.",
    account_disabled: "Ce compte est désactivé. Demandez à un administrateur.",
    forbidden: "Vous n’avez pas le droit de faire cela.",
    not_found: "Introuvable.",
    payload_too_large: "C’est trop long.",
    too_many_ids: "C’est trop à la fois.",
    unknown_event: "Cela n’a pas marché. Rechargez la page et réessayez.",
    rate_limited: "Trop de demandes. Attendez un instant.",
    internal: "Une erreur est survenue. Réessayez.",
    not_implemented: "Ce n’est pas disponible ici.",
    unavailable: "Le service n’est pas disponible pour le moment.",
  },
};

/** The phrases of a language; what a registered one leaves out is English. */
export function phrasesOf(locale: Locale): Phrases {
  return { ...bestOf(builtIn(), locale), ...wordsOf(locale) };
}

/** What to say to a person about a failure; the server's own messages are for developers. */
export function errorText(code: string, locale: Locale = DEFAULT_LOCALE): string {
  const { errors } = phrasesOf(locale);
  return Object.hasOwn(errors, code) ? errors[code as ErrorCode] : errors.internal;
}
