"use client";

import { useCallback, useEffect, useState } from "react";
import { CLIENT_EVENTS, SERVER_EVENTS } from "../presence/events.ts";
import { PresenceRequestError } from "../presence/rest.ts";
import type { Acknowledgement, ChatMessage } from "../presence/wire.ts";
import { useSession } from "./session.tsx";
import { appendMessage, EMPTY_TIMELINE, prependPage, refreshTimeline } from "./timeline.ts";
import { useLoaded } from "./use-loaded.ts";

const SEND_TIMEOUT_MS = 10_000;

export interface Messages {
  /** Oldest first; undefined until they have been read. */
  messages: readonly ChatMessage[] | undefined;
  error: unknown;
  retry: () => void;
  /** Reads the page before the oldest message; undefined when there is none. */
  readEarlier: (() => Promise<void>) | undefined;
  /** Rejects when the server has not accepted the message, or does not answer. */
  send: (content: string) => Promise<void>;
}

/** The messages of one conversation, live; for a component that belongs to one conversation for its life. */
export function useMessages(conversationId: string): Messages {
  const { api, presence } = useSession();
  const [timeline, setTimeline] = useState(EMPTY_TIMELINE);

  const load = useCallback(async () => {
    const newest = await api.messages(conversationId, null);
    setTimeline((known) => refreshTimeline(known, newest));
    return true;
  }, [api, conversationId]);
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
    const earlier = await api.messages(conversationId, cursor);
    setTimeline((known) => prependPage(known, earlier));
  };

  const send = async (content: string) => {
    const answer: Acknowledgement<{ messageId: string }> = await presence.socket
      .timeout(SEND_TIMEOUT_MS)
      .emitWithAck(CLIENT_EVENTS.MESSAGE_SEND, { conversationId, content });
    if (!answer.success) throw new PresenceRequestError(answer.error);
  };

  const { cursor } = timeline;
  return {
    messages: isRead ? timeline.messages : undefined,
    error,
    retry,
    readEarlier: cursor !== null ? () => readEarlier(cursor) : undefined,
    send,
  };
}
