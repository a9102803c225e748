"use client";

import { useCallback, useEffect, useState } from "react";
import { SERVER_EVENTS } from "../presence/events.ts";
import type { ChatMessage } from "../presence/wire.ts";
import { useChat } from "./chat-context.tsx";
import { useSession } from "./session.tsx";
import { appendMessage, EMPTY_TIMELINE, prependPage, refreshTimeline } from "./timeline.ts";
import { useLoaded } from "./use-loaded.ts";

export interface Messages {
  /** Oldest first; undefined until they have been read. */
  messages: readonly ChatMessage[] | undefined;
  error: unknown;
  retry: () => void;
  /** Reads the page before the oldest message; undefined when there is none. */
  readEarlier: (() => Promise<void>) | undefined;
}

/** The messages of one conversation, live; for a component that belongs to one conversation for its life. */
export function useMessages(conversationId: string): Messages {
  const { api, presence } = useSession();
  const { outbox } = useChat();
  const [timeline, setTimeline] = useState(EMPTY_TIMELINE);

  const load = useCallback(async () => {
    const newest = await api.messages(conversationId, { cursor: null });
    setTimeline((known) => refreshTimeline(known, newest));
    outbox.received(newest.messages);
    return true;
  }, [api, conversationId, outbox]);
  const { data: isRead, error, retry } = useLoaded(load);

  useEffect(() => {
    const onMessage = (message: ChatMessage) => {
      if (message.conversationId === conversationId) {
        setTimeline((known) => appendMessage(known, message));
      }
    };
    presence.socket.on(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    return () => {
      presence.socket.off(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    };
  }, [presence, conversationId]);

  const readEarlier = async (cursor: string) => {
    const earlier = await api.messages(conversationId, { cursor });
    setTimeline((known) => prependPage(known, earlier));
  };

  const { cursor } = timeline;
  return {
    messages: isRead ? timeline.messages : undefined,
    error,
    retry,
    readEarlier: cursor !== null ? () => readEarlier(cursor) : undefined,
  };
}
