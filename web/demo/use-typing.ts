"use client";

import { useEffect, useMemo, useState } from "react";
import { CLIENT_EVENTS, SERVER_EVENTS } from "../presence/events.ts";
import type { ChatMessage, ServerToClientEvents } from "../presence/wire.ts";
import { useSession } from "./session.tsx";
import { NO_TYPISTS, nextEnd, stillTyping, withTypist } from "./typists.ts";

/** So often the server passes a notice on. */
const EVERY_MS = 3_000;

/** The ids of the others who type in this conversation, for a component that belongs to one conversation for its life. */
export function useTypists(conversationId: string): readonly string[] {
  const { presence } = useSession();
  const [typists, setTypists] = useState(NO_TYPISTS);
  useEffect(() => {
    const { socket } = presence;
    const onTyping: ServerToClientEvents["typing"] = ({ conversationId: id, userId }) => {
      if (id === conversationId) setTypists((known) => withTypist(known, userId, performance.now()));
    };
    const onMessage = ({ conversationId: id, senderId }: ChatMessage) => {
      if (id === conversationId) setTypists((known) => stillTyping(known, performance.now(), senderId));
    };
    socket.on(SERVER_EVENTS.TYPING, onTyping);
    socket.on(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    return () => {
      socket.off(SERVER_EVENTS.TYPING, onTyping);
      socket.off(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    };
  }, [presence, conversationId]);
  useEffect(() => {
    const end = nextEnd(typists);
    if (end === Number.POSITIVE_INFINITY) return;
    const timer = setTimeout(
      () => setTypists((known) => stillTyping(known, performance.now())),
      Math.max(0, end - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [typists]);
  return typists.ids;
}

/** What to call when the person types here: the others of the conversation are notified, as often as that is passed on. */
export function useTypingNotice(conversationId: string): () => void {
  const { presence } = useSession();
  return useMemo(() => {
    let sentAt = Number.NEGATIVE_INFINITY;
    return () => {
      const now = performance.now();
      if (!presence.socket.connected || now - sentAt < EVERY_MS) return;
      sentAt = now;
      presence.socket.volatile.emit(CLIENT_EVENTS.TYPING, { conversationId });
    };
  }, [presence, conversationId]);
}
