import type { Texts } from "./texts.ts";

/** The page in French. */
export const fr: Texts = {
  tagline: "Voyez qui est là, maintenant",
  connecting: "Connexion…",
  reconnecting: "Reconnexion…",
  live: "En direct",
  stale: "Pas à jour",
  staleSince: (since, reason) =>
    reason === "storage"
      ? `Messages et statuts ne peuvent pas être enregistrés pour le moment. Vous voyez l’état de ${since}.`
      : `Les statuts ne sont peut-être plus à jour\u00a0: vous voyez l’état de ${since}. Nouvel essai automatique.`,
  noConnection:
    "Pas de connexion. Nouvel essai automatique\u202f; les statuts ne sont peut-être plus à jour.",
  recovering: "Mise à jour…",
  waiting: "En attente…",
  refused: "Non connecté",
  ended: "Déconnecté",
  otherLanguage: "English",
  otherLanguageShort: "EN",
  signOut: "Se déconnecter",
  signInTitle: "Se connecter à la démo",
  signInHow:
    "Continuez comme une personne, puis ouvrez une deuxième fenêtre comme une autre\u00a0: chacune voit l’autre arriver, partir et être occupée.",
  signInByTokenHow:
    "Collez le jeton d’une personne, puis ouvrez une deuxième fenêtre comme une autre\u00a0: chacune voit l’autre arriver, partir et être occupée.",
  continueAs: (name) => `Continuer comme ${name}`,
  unknownPerson: (name) => `Il n’y a pas de ${name} dans la démo.`,
  withToken: "Utiliser un jeton",
  tokenLabel: "Jeton",
  tokenCommand: "Cette commande dans un terminal en affiche un\u00a0:",
  signIn: "Se connecter",
  conversations: "Conversations",
  noConversations: "Vous n’avez pas encore de conversation.",
  unread: (count) => (count === 1 ? "1 non lu" : `${count} non lus`),
  backToConversations: "Conversations",
  backToMessages: "Messages",
  backToPeople: "Toutes les personnes",
  people: "Personnes",
  onlineCount: (online, total) => `${online} sur ${total} en ligne`,
  noOneElse: "Personne d’autre dans cette conversation.",
  morePeople: "Afficher plus de personnes",
  presenceNews: (name, text) => `${name}\u00a0: ${text}`,
  guest: "Invité",
  profile: {
    statusText: "Statut",
    until: "Jusqu’à",
    lastSeen: "Dernière visite",
    name: "Identifiant",
    hidden: "Non affiché",
  },
  block: (name) => `Bloquer ${name}`,
  unblock: (name) => `Débloquer ${name}`,
  blockMeans: "Vous ne verrez plus le statut l’un de l’autre. Les messages restent.",
  blocked: "Vous avez bloqué cette personne. Aucun de vous ne voit le statut de l’autre.",
  messages: "Messages",
  noMessages: "Aucun message. Écrivez le premier.",
  earlier: "Messages précédents",
  newMessages: "Nouveaux messages",
  today: "Aujourd’hui",
  yesterday: "Hier",
  typing: ([first = "", second, ...others]) => {
    if (second === undefined) return `${first} est en train d’écrire…`;
    return others.length === 0
      ? `${first} et ${second} sont en train d’écrire…`
      : `${others.length + 2} personnes sont en train d’écrire…`;
  },
  messageLabel: "Message",
  messagePlaceholder: "Écrire un message",
  send: "Envoyer",
  sending: "Envoi…",
  waitsForConnection: "Sera envoyé dès que possible",
  notSent: "Non envoyé.",
  remove: "Supprimer",
  you: "Vous",
  failed: "Chargement impossible.",
  tryAgain: "Réessayer",
  connectAgain: "Se reconnecter",
  retrying: "Nouvel essai automatique.",
  own: {
    yourStatus: "votre statut\u00a0:",
    title: "Votre statut",
    close: "Fermer",
    othersSee: (text) => `Les autres voient\u00a0: ${text}`,
    seenAs: { online: "En ligne", offline: "Hors ligne" },
    invisibleBadge: "Invisible",
    availability: "Disponibilité",
    meaning: {
      available: "Les autres vous voient en ligne",
      busy: "En ligne, et occupé",
      dnd: "En ligne, à ne pas interrompre",
      invisible: "Les autres vous voient hors ligne",
    },
    textLabel: "Texte du statut",
    textPlaceholder: "En réunion, à table…",
    lasting: "Effacer après",
    lastings: {
      "half-hour": "30 minutes",
      hour: "1 heure",
      evening: "Ce soir",
      always: "Ne pas effacer",
    },
    ends: (when) => `Ce statut se termine à ${when}.`,
    save: "Enregistrer",
    clear: "Effacer le texte",
    privacy: "Confidentialité",
    showOnlineStatus: "Montrer quand je suis en ligne",
    showLastSeen: "Montrer ma dernière visite",
    devices: "Vos appareils",
    thisDevice: "cette fenêtre",
    otherDevice: "Appareil inconnu",
    since: (when) => `depuis ${when}`,
    secondWindow: "Ouvrir une deuxième fenêtre",
    openAs: (name) => `comme ${name}`,
    blockedPeople: "Personnes bloquées",
  },
  lost: {
    title: "Cette page n’existe pas",
    advice: "L’adresse est peut-être mal tapée, ou la page a changé de place.",
    back: "Aller aux conversations",
  },
  refusals: {
    unauthorized: {
      title: "Cette connexion n’a pas été acceptée",
      advice: "Choisissez de nouveau une personne, ou collez un nouveau jeton.",
    },
    token_expired: {
      title: "Votre connexion a expiré",
      advice: "Choisissez de nouveau une personne, ou collez un nouveau jeton.",
    },
    session_expired: {
      title: "Votre visite comme invité est terminée",
      advice: "Rouvrez le lien d’invitation, ou connectez-vous.",
    },
    account_disabled: {
      title: "Ce compte est désactivé",
      advice: "Demandez à un administrateur de l’activer, ou connectez-vous sous un autre nom.",
    },
    rate_limited: {
      title: "Beaucoup de connexions en ce moment",
      advice: "Vous êtes dans la file et n’avez rien à faire.",
    },
    unavailable: { title: "Le service n’est pas disponible", advice: "Il devrait revenir dans un instant." },
    other: { title: "La connexion a été refusée", advice: "Réessayez, ou connectez-vous de nouveau." },
  },
  endings: {
    replaced: {
      title: "Ouvert ailleurs",
      advice:
        "Vous vous êtes connecté dans une autre fenêtre ou sur un autre appareil, qui a pris le relais.",
    },
    expired: {
      title: "Votre connexion a expiré",
      advice: "Choisissez de nouveau une personne, ou collez un nouveau jeton.",
    },
    closed: {
      title: "Un administrateur a fermé cette connexion",
      advice: "Vous pouvez vous reconnecter maintenant.",
    },
    left: { title: "Déconnecté", advice: "Vous pouvez vous reconnecter maintenant." },
  },
};
