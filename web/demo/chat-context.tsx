"use client";

import { createContext, useContext, useSyncExternalStore } from "react";
import type { Outbox, Outgoing } from "./outbox.ts";
import type { Inbox } from "./use-inbox.ts";

interface Chat {
  selfId: string;
  outbox: Outbox;
  inbox: Inbox;
}

export const ChatContext = createContext<Chat | null>(null);

/** What the parts of the chat share; only below `<Chat>`. */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === null) throw new Error("This part of the page stands in the chat.");
  return chat;
}

/** The person's own messages that are still under way. */
export function useOutgoing(conversationId: string): readonly Outgoing[] {
  const { outbox } = useChat();
  const entries = useSyncExternalStore(outbox.subscribe, outbox.entries, outbox.entries);
  return entries.filter((entry) => entry.conversationId === conversationId);
}
