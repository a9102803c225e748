import type { StaleReason } from "../presence/connection.ts";
import type { Availability, ErrorCode } from "../presence/wire.ts";
import type { Language } from "./locale.ts";
import { fr } from "./texts-fr.ts";

export interface Advice {
  title: string;
  advice: string;
}

/** How long a status lasts. */
export type Lasting = "half-hour" | "hour" | "evening" | "always";

/** Every word of the page that is not the SDK's. */
export interface Texts {
  tagline: string;
  connecting: string;
  reconnecting: string;
  live: string;
  stale: string;
  /** the whole sentence about a view that may be old; `since` in words, like "14:03" */
  staleSince: (since: string, reason: StaleReason) => string;
  noConnection: string;
  recovering: string;
  waiting: string;
  refused: string;
  ended: string;
  otherLanguage: string;
  otherLanguageShort: string;
  signOut: string;
  signInTitle: string;
  signInHow: string;
  signInByTokenHow: string;
  continueAs: (name: string) => string;
  unknownPerson: (name: string) => string;
  withToken: string;
  tokenLabel: string;
  tokenCommand: string;
  signIn: string;
  conversations: string;
  noConversations: string;
  unread: (count: number) => string;
  backToConversations: string;
  backToMessages: string;
  backToPeople: string;
  people: string;
  onlineCount: (online: number, total: number) => string;
  noOneElse: string;
  morePeople: string;
  presenceNews: (name: string, text: string) => string;
  guest: string;
  profile: { statusText: string; until: string; lastSeen: string; name: string; hidden: string };
  block: (name: string) => string;
  unblock: (name: string) => string;
  blockMeans: string;
  blocked: string;
  messages: string;
  noMessages: string;
  earlier: string;
  newMessages: string;
  today: string;
  yesterday: string;
  /** those who type now, at least one */
  typing: (names: readonly string[]) => string;
  messageLabel: string;
  messagePlaceholder: string;
  send: string;
  sending: string;
  waitsForConnection: string;
  notSent: string;
  remove: string;
  you: string;
  failed: string;
  tryAgain: string;
  connectAgain: string;
  retrying: string;
  own: {
    /** between a name and what the person is shown as, for who does not see the page */
    yourStatus: string;
    title: string;
    close: string;
    othersSee: (text: string) => string;
    seenAs: Record<"online" | "offline", string>;
    invisibleBadge: string;
    availability: string;
    meaning: Record<Availability, string>;
    textLabel: string;
    textPlaceholder: string;
    lasting: string;
    lastings: Record<Lasting, string>;
    ends: (when: string) => string;
    save: string;
    clear: string;
    privacy: string;
    showOnlineStatus: string;
    showLastSeen: string;
    devices: string;
    thisDevice: string;
    otherDevice: string;
    since: (when: string) => string;
    secondWindow: string;
    openAs: (name: string) => string;
    blockedPeople: string;
  };
  lost: { title: string; advice: string; back: string };
  refusals: Partial<Record<ErrorCode, Advice>> & { other: Advice };
  endings: Record<"replaced" | "expired" | "closed" | "left", Advice>;
}

const en: Texts = {
  tagline: "See who is here, right now",
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  live: "Live",
  stale: "Not up to date",
  staleSince: (since, reason) =>
    reason === "storage"
      ? `Messages and statuses cannot be saved at the moment. What you see is from ${since}.`
      : `Statuses may be out of date: what you see is from ${since}. Trying again automatically.`,
  noConnection: "No connection. Trying again automatically; statuses may be out of date.",
  recovering: "Catching up…",
  waiting: "Waiting…",
  refused: "Not connected",
  ended: "Disconnected",
  otherLanguage: "Français",
  otherLanguageShort: "FR",
  signOut: "Sign out",
  signInTitle: "Sign in to the demo",
  signInHow:
    "Continue as one person, then open a second window as someone else: each sees the other come, go and be busy.",
  signInByTokenHow:
    "Paste a token for one person, then open a second window as someone else: each sees the other come, go and be busy.",
  continueAs: (name) => `Continue as ${name}`,
  unknownPerson: (name) => `There is no demo person called ${name}.`,
  withToken: "Use a token instead",
  tokenLabel: "Token",
  tokenCommand: "This command in a terminal prints one:",
  signIn: "Sign in",
  conversations: "Conversations",
  noConversations: "You have no conversations yet.",
  unread: (count) => `${count} unread`,
  backToConversations: "Conversations",
  backToMessages: "Messages",
  backToPeople: "All people",
  people: "People",
  onlineCount: (online, total) => `${online} of ${total} online`,
  noOneElse: "No one else is in this conversation.",
  morePeople: "Show more people",
  presenceNews: (name, text) => `${name}: ${text}`,
  guest: "Guest",
  profile: {
    statusText: "Status",
    until: "Until",
    lastSeen: "Last seen",
    name: "Username",
    hidden: "Not shown",
  },
  block: (name) => `Block ${name}`,
  unblock: (name) => `Unblock ${name}`,
  blockMeans: "You will not see each other’s status any more. Messages stay.",
  blocked: "You blocked this person. Neither of you sees the other’s status.",
  messages: "Messages",
  noMessages: "No messages yet. Write the first one.",
  earlier: "Earlier messages",
  newMessages: "New messages",
  today: "Today",
  yesterday: "Yesterday",
  typing: ([first = "", second, ...others]) => {
    if (second === undefined) return `${first} is typing…`;
    return others.length === 0
      ? `${first} and ${second} are typing…`
      : `${others.length + 2} people are typing…`;
  },
  messageLabel: "Message",
  messagePlaceholder: "Write a message",
  send: "Send",
  sending: "Sending…",
  waitsForConnection: "Will be sent as soon as possible",
  notSent: "Not sent.",
  remove: "Delete",
  you: "You",
  failed: "This could not be loaded.",
  tryAgain: "Try again",
  connectAgain: "Connect again",
  retrying: "Trying again automatically.",
  own: {
    yourStatus: "your status:",
    title: "Your status",
    close: "Close",
    othersSee: (text) => `Others see: ${text}`,
    seenAs: { online: "Online", offline: "Offline" },
    invisibleBadge: "Invisible",
    availability: "Availability",
    meaning: {
      available: "Others see you online",
      busy: "Online, and busy",
      dnd: "Online, and not to be interrupted",
      invisible: "Others see you offline",
    },
    textLabel: "Status text",
    textPlaceholder: "In a meeting, at lunch…",
    lasting: "Clear after",
    lastings: {
      "half-hour": "30 minutes",
      hour: "1 hour",
      evening: "This evening",
      always: "Do not clear",
    },
    ends: (when) => `This status ends by itself at ${when}.`,
    save: "Save",
    clear: "Clear text",
    privacy: "Privacy",
    showOnlineStatus: "Show when I am online",
    showLastSeen: "Show when I was last seen",
    devices: "Your devices",
    thisDevice: "this window",
    otherDevice: "Unknown device",
    since: (when) => `since ${when}`,
    secondWindow: "Open a second window",
    openAs: (name) => `as ${name}`,
    blockedPeople: "Blocked",
  },
  lost: {
    title: "This page does not exist",
    advice: "The address may be mistyped, or the page has moved.",
    back: "Go to the conversations",
  },
  refusals: {
    unauthorized: {
      title: "This sign-in was not accepted",
      advice: "Choose a person again, or paste a new token.",
    },
    token_expired: {
      title: "Your sign-in has expired",
      advice: "Choose a person again, or paste a new token.",
    },
    session_expired: {
      title: "Your visit as a guest has ended",
      advice: "Open the invitation link again, or sign in.",
    },
    account_disabled: {
      title: "This account is disabled",
      advice: "Ask an administrator to enable it, or sign in as another person.",
    },
    rate_limited: {
      title: "Many people are connecting",
      advice: "You are in the queue and need not do anything.",
    },
    unavailable: { title: "The service is not available", advice: "It should be back in a moment." },
    other: { title: "The connection was refused", advice: "Try again, or sign in again." },
  },
  endings: {
    replaced: {
      title: "Open somewhere else",
      advice: "You connected in another window or on another device, which took over from this one.",
    },
    expired: {
      title: "Your sign-in has expired",
      advice: "Choose a person again, or paste a new token.",
    },
    closed: {
      title: "An administrator closed this connection",
      advice: "You can connect again now.",
    },
    left: { title: "Signed out", advice: "You can connect again now." },
  },
};

export const TEXTS: Record<Language, Texts> = { en, fr };
