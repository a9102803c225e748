"use client";

import { useEffect, useRef, useState } from "react";
import { SERVER_EVENTS } from "../presence/events.ts";
import { usePresenceState } from "../presence/hooks.ts";
import type { ChatMessage } from "../presence/wire.ts";
import type { ConversationSummary } from "./api.ts";
import { useSession } from "./session.tsx";
import { localStore } from "./storage.ts";
import { EMPTY_TIMELINE, refreshTimeline } from "./timeline.ts";
import { countUnread, loadReadUntil, type ReadUntil, saveReadUntil } from "./unread.ts";
import { useIsVisible } from "./use-window.ts";

/** How many conversations are looked into, and how many messages of each: more than that is "20+". */
export const LOOKED_INTO = 20;
export const UNREAD_MAX = 20;

/** What is new in the person's conversations. */
export interface Inbox {
  newest(conversationId: string): ChatMessage | undefined;
  unread(conversationId: string): number;
}

/** `readingId`: the conversation on the screen, which is read as it is shown. */
export function useInbox(
  conversations: readonly ConversationSummary[],
  selfId: string,
  readingId: string | undefined,
): Inbox {
  const { api, presence } = useSession();
  const isVisible = useIsVisible();
  const snapshots = usePresenceState((state) => state.snapshots);
  const [known, setKnown] = useState<ReadonlyMap<string, readonly ChatMessage[]>>(new Map());
  const [read, setRead] = useState<ReadUntil>(() => loadReadUntil(localStore, selfId));
  const firstSeen = useRef(new Date(presence.clock.now()).toISOString()).current;
  const ids = JSON.stringify(conversations.slice(0, LOOKED_INTO).map(({ id }) => id));

  // A snapshot is a reason to read again: messages may have been missed.
  useEffect(() => {
    let isOver = false;
    for (const id of JSON.parse(ids) as string[]) {
      api.messages(id, { cursor: null, limit: UNREAD_MAX }).then(
        (page) => {
          if (!isOver) setKnown((all) => new Map(all).set(id, refreshed(all.get(id), page.messages)));
        },
        // It is read again after the next snapshot; the conversation itself says what is wrong.
        () => {},
      );
    }
    return () => {
      isOver = true;
    };
  }, [api, ids, snapshots]);

  useEffect(() => {
    const onMessage = (message: ChatMessage) => {
      const { conversationId: id } = message;
      setKnown((all) => new Map(all).set(id, refreshed(all.get(id), [message])));
    };
    presence.socket.on(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    return () => {
      presence.socket.off(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    };
  }, [presence]);

  const newestRead =
    readingId !== undefined && isVisible ? known.get(readingId)?.at(-1)?.createdAt : undefined;
  useEffect(() => {
    if (readingId === undefined || newestRead === undefined) return;
    setRead((before) => {
      if ((before[readingId] ?? "") >= newestRead) return before;
      const now = { ...before, [readingId]: newestRead };
      saveReadUntil(localStore, selfId, now);
      return now;
    });
  }, [readingId, newestRead, selfId]);

  return {
    newest: (id) => known.get(id)?.at(-1),
    // What was there before the first visit is no news.
    unread: (id) => countUnread(known.get(id) ?? [], read[id] ?? firstSeen, selfId),
  };
}

const refreshed = (known: readonly ChatMessage[] | undefined, more: readonly ChatMessage[]) =>
  refreshTimeline({ ...EMPTY_TIMELINE, messages: known ?? [] }, { messages: [...more], nextCursor: null })
    .messages;
