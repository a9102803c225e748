"use client";

import { useEffect, useMemo, useRef } from "react";
import { useConnectionState, usePresenceState, useSelf } from "../presence/hooks.ts";
import type { ConversationSummary } from "./api.ts";
import { ChatContext } from "./chat-context.tsx";
import { Conversations } from "./conversations.tsx";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import { Messages } from "./messages.tsx";
import { Notice } from "./notice.tsx";
import { People } from "./people.tsx";
import { Profile } from "./profile.tsx";
import { useRoute } from "./route.ts";
import { useSession } from "./session.tsx";
import { useInbox } from "./use-inbox.ts";
import { useLoaded } from "./use-loaded.ts";
import { useOutbox } from "./use-outbox.ts";
import { useIsWide } from "./use-window.ts";
import styles from "./workspace.module.css";

const TITLE = "Meeshy presence";

/** What a signed-in person sees: a notice when the connection is over, else conversations, messages, people. */
export function Workspace() {
  const connection = useConnectionState();
  const hasBeenLive = usePresenceState((state) => state.snapshots > 0);
  const selfId = useSelf()?.id;
  const { texts } = useSession();
  if (connection.phase === "ended") return <Notice connection={connection} />;
  // A busy server is no reason to take away what is on the screen.
  const isPassing = connection.phase === "refused" && connection.error.retryable && hasBeenLive;
  if (connection.phase === "refused" && !isPassing) return <Notice connection={connection} />;
  if (!hasBeenLive || selfId === undefined) {
    return (
      <main className={styles.waiting} aria-busy="true">
        {texts.connecting}
      </main>
    );
  }
  return <Loading selfId={selfId} />;
}

function Loading({ selfId }: { selfId: string }) {
  const { api, texts, locale } = useSession();
  const { data, error, retry } = useLoaded(api.conversations);
  const conversations = useMemo(() => {
    const { compare } = new Intl.Collator(locale, { numeric: true });
    return data?.conversations.toSorted((a, b) => compare(a.title ?? a.id, b.title ?? b.id));
  }, [data, locale]);
  if (conversations === undefined) {
    return (
      <main className={styles.waiting} aria-busy={error === undefined}>
        {error !== undefined && <LoadFailure code={codeOf(error)} retry={retry} />}
      </main>
    );
  }
  if (conversations.length === 0) return <main className={styles.waiting}>{texts.noConversations}</main>;
  return <Chat conversations={conversations} selfId={selfId} />;
}

function Chat({ conversations, selfId }: { conversations: readonly ConversationSummary[]; selfId: string }) {
  const { pane, conversationId, personId } = useRoute();
  const isWide = useIsWide();
  const known = conversations.find(({ id }) => id === conversationId);
  const selected = known ?? conversations[0];
  // An address without a conversation, or with one of another person, shows the list.
  const shown = known ? pane : "list";
  const isRead = isWide || shown === "chat";
  const outbox = useOutbox(selfId);
  const inbox = useInbox(conversations, selfId, isRead ? selected?.id : undefined);
  const unread = conversations.reduce((sum, { id }) => sum + inbox.unread(id), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${TITLE}` : TITLE;
  }, [unread]);
  const chat = useMemo(() => ({ selfId, outbox, inbox }), [selfId, outbox, inbox]);
  const main = useHeadingFocus(`${shown} ${personId ?? ""}`, isWide);
  if (selected === undefined) return null;
  return (
    <ChatContext value={chat}>
      <main ref={main} className={styles.workspace} data-shown={shown}>
        <div className={styles.list}>
          <Conversations
            conversations={conversations}
            selectedId={isWide || known ? selected.id : undefined}
          />
        </div>
        <div className={styles.chat}>
          <Messages key={selected.id} conversation={selected} />
        </div>
        <div className={styles.people}>
          {!known || personId === undefined ? (
            <People key={selected.id} conversationId={selected.id} />
          ) : (
            <Profile key={personId} userId={personId} conversationId={selected.id} />
          )}
        </div>
      </main>
    </ChatContext>
  );
}

/** In a narrow window another column takes the place of the one that had the focus: its heading gets it. */
function useHeadingFocus(view: string, isWide: boolean) {
  const main = useRef<HTMLElement>(null);
  const last = useRef(view);
  useEffect(() => {
    if (last.current === view) return;
    last.current = view;
    if (isWide) return;
    const headings = [...(main.current?.querySelectorAll<HTMLElement>("h2") ?? [])];
    headings.find((heading) => heading.offsetParent !== null)?.focus();
  }, [view, isWide]);
  return main;
}
