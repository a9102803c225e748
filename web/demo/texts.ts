import type { StaleReason } from "../presence/connection.ts";
import type { ErrorCode } from "../presence/wire.ts";
import type { Language } from "./locale.ts";

interface Advice {
  title: string;
  advice: string;
}

/** Every word of the page that is not the SDK's. */
export interface Texts {
  tagline: string;
  connecting: string;
  live: string;
  stale: (since: string, why: string) => string;
  staleReasons: Record<StaleReason, string>;
  recovering: string;
  waiting: string;
  refused: string;
  ended: string;
  otherLanguage: string;
  signOut: string;
  signInTitle: string;
  signInHow: string;
  tokenLabel: string;
  signIn: string;
  conversations: string;
  noConversations: string;
  people: string;
  onlineCount: (online: number, total: number) => string;
  noOneElse: string;
  morePeople: string;
  presenceNews: (name: string, label: string) => string;
  messages: string;
  noMessages: string;
  earlier: string;
  messageLabel: string;
  messagePlaceholder: (title: string) => string;
  send: string;
  notSent: string;
  you: string;
  failed: string;
  tryAgain: string;
  connectAgain: string;
  useAnotherToken: string;
  retrying: string;
  refusals: Partial<Record<ErrorCode, Advice>> & { other: Advice };
  endings: Record<"replaced" | "expired" | "closed" | "left", Advice>;
}

const en: Texts = {
  tagline: "Who is here, right now",
  connecting: "Connecting…",
  live: "Live",
  stale: (since, why) => `Out of date since ${since}: ${why}`,
  staleReasons: {
    feed: "statuses do not arrive",
    "not-processing": "events are not processed",
    storage: "nothing can be stored",
    "no-answer": "the server does not answer",
  },
  recovering: "Catching up…",
  waiting: "Waiting to connect…",
  refused: "Refused",
  ended: "Disconnected",
  otherLanguage: "Français",
  signOut: "Sign out",
  signInTitle: "Sign in to the demo",
  signInHow:
    "Print a token in a terminal and paste it here. Then sign in as bob in a second window, and watch the dots.",
  tokenLabel: "Token",
  signIn: "Sign in",
  conversations: "Conversations",
  noConversations: "You have no conversations yet.",
  people: "People",
  onlineCount: (online, total) => `${online} of ${total} online`,
  noOneElse: "No one else is in this conversation.",
  morePeople: "Show more people",
  presenceNews: (name, label) => `${name}: ${label}`,
  messages: "Messages",
  noMessages: "No messages yet. Write the first one.",
  earlier: "Earlier messages",
  messageLabel: "Message",
  messagePlaceholder: (title) => `Message ${title}`,
  send: "Send",
  notSent: "Not sent.",
  you: "You",
  failed: "This could not be loaded.",
  tryAgain: "Try again",
  connectAgain: "Connect again",
  useAnotherToken: "Use another token",
  retrying: "Trying again automatically.",
  refusals: {
    unauthorized: {
      title: "This token was not accepted",
      advice: "Print a new one with the command below, and sign in with it.",
    },
    token_expired: {
      title: "This token has expired",
      advice: "Print a new one with the command below, and sign in with it.",
    },
    session_expired: {
      title: "This session is over",
      advice: "Open the invitation link again, or sign in with a token.",
    },
    account_disabled: {
      title: "This account is disabled",
      advice: "Ask an administrator to enable it, or sign in as another person.",
    },
    rate_limited: {
      title: "Many people are connecting",
      advice: "You are in the queue. You need not do anything.",
    },
    unavailable: { title: "The service is not available", advice: "It should be back in a moment." },
    other: {
      title: "The server refused the connection",
      advice: "Try again, or sign in with another token.",
    },
  },
  endings: {
    replaced: {
      title: "Open somewhere else",
      advice: "You connected from another window or device, which took over from this one.",
    },
    expired: {
      title: "Your token has expired",
      advice: "Print a new one with the command below, and sign in with it.",
    },
    closed: {
      title: "An administrator closed this connection",
      advice: "Connect again to go on.",
    },
    left: { title: "Signed out", advice: "Connect again to go on." },
  },
};

const fr: Texts = {
  tagline: "Qui est là, maintenant",
  connecting: "Connexion…",
  live: "En direct",
  stale: (since, why) => `Plus à jour depuis ${since} : ${why}`,
  staleReasons: {
    feed: "les statuts n’arrivent pas",
    "not-processing": "les événements ne sont pas traités",
    storage: "rien ne peut être enregistré",
    "no-answer": "le serveur ne répond pas",
  },
  recovering: "Mise à jour…",
  waiting: "En attente…",
  refused: "Refusé",
  ended: "Déconnecté",
  otherLanguage: "English",
  signOut: "Se déconnecter",
  signInTitle: "Se connecter à la démo",
  signInHow:
    "Affichez un jeton dans un terminal et collez-le ici. Puis connectez-vous comme bob dans une deuxième fenêtre et regardez les pastilles.",
  tokenLabel: "Jeton",
  signIn: "Se connecter",
  conversations: "Conversations",
  noConversations: "Vous n’avez pas encore de conversation.",
  people: "Personnes",
  onlineCount: (online, total) => `${online} sur ${total} en ligne`,
  noOneElse: "Personne d’autre dans cette conversation.",
  morePeople: "Afficher plus de personnes",
  presenceNews: (name, label) => `${name} : ${label}`,
  messages: "Messages",
  noMessages: "Aucun message. Écrivez le premier.",
  earlier: "Messages précédents",
  messageLabel: "Message",
  messagePlaceholder: (title) => `Écrire dans ${title}`,
  send: "Envoyer",
  notSent: "Non envoyé.",
  you: "Vous",
  failed: "Chargement impossible.",
  tryAgain: "Réessayer",
  connectAgain: "Se reconnecter",
  useAnotherToken: "Utiliser un autre jeton",
  retrying: "Nouvel essai automatique.",
  refusals: {
    unauthorized: {
      title: "Ce jeton n’a pas été accepté",
      advice: "Affichez-en un nouveau avec la commande suivante.",
    },
    token_expired: {
      title: "Ce jeton a expiré",
      advice: "Affichez-en un nouveau avec la commande suivante.",
    },
    session_expired: {
      title: "Cette session est terminée",
      advice: "Rouvrez le lien d’invitation, ou connectez-vous avec un jeton.",
    },
    account_disabled: {
      title: "Ce compte est désactivé",
      advice: "Demandez à un administrateur de l’activer, ou connectez-vous sous un autre nom.",
    },
    rate_limited: { title: "Beaucoup de connexions en ce moment", advice: "Vous êtes dans la file." },
    unavailable: { title: "Le service n’est pas disponible", advice: "Il devrait revenir dans un instant." },
    other: {
      title: "Le serveur a refusé la connexion",
      advice: "Réessayez, ou connectez-vous avec un autre jeton.",
    },
  },
  endings: {
    replaced: {
      title: "Ouvert ailleurs",
      advice: "Vous vous êtes connecté depuis une autre fenêtre ou un autre appareil.",
    },
    expired: {
      title: "Votre jeton a expiré",
      advice: "Affichez-en un nouveau avec la commande suivante.",
    },
    closed: {
      title: "Un administrateur a fermé cette connexion",
      advice: "Reconnectez-vous pour continuer.",
    },
    left: { title: "Déconnecté", advice: "Reconnectez-vous pour continuer." },
  },
};

export const TEXTS: Record<Language, Texts> = { en, fr };
