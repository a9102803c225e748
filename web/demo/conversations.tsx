"use client";

import { nameOf } from "../presence/components/avatar-stack.tsx";
import { usePresenceClient, usePresenceState, useRoomPresence, useSelf } from "../presence/hooks.ts";
import type { ConversationSummary } from "./api.ts";
import { Avatar } from "./avatar.tsx";
import { useChat } from "./chat-context.tsx";
import styles from "./conversations.module.css";
import { formatShortly } from "./format.ts";
import pane from "./pane.module.css";
import { hrefOf } from "./route.ts";
import { useSession } from "./session.tsx";
import { LOOKED_INTO, UNREAD_MAX } from "./use-inbox.ts";

interface ConversationsProps {
  conversations: readonly ConversationSummary[];
  selectedId: string | undefined;
}

/** The person's conversations, by title, with what is new in them. */
export function Conversations({ conversations, selectedId }: ConversationsProps) {
  const { texts } = useSession();
  return (
    <nav className={pane.pane} aria-labelledby="conversations">
      <header className={pane.head}>
        <h2 id="conversations" className={pane.title} tabIndex={-1}>
          {texts.conversations}
        </h2>
      </header>
      <ul className={styles.list}>
        {conversations.map((conversation, index) => (
          <li key={conversation.id}>
            <ConversationRow
              conversation={conversation}
              isCurrent={conversation.id === selectedId}
              showsPeople={index < LOOKED_INTO}
            />
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface RowProps {
  conversation: ConversationSummary;
  isCurrent: boolean;
  /** Members of the first ones are read; of hundreds that would be hundreds of requests. */
  showsPeople: boolean;
}

function ConversationRow({ conversation: { id, title }, isCurrent, showsPeople }: RowProps) {
  const { texts, locale } = useSession();
  const { clock } = usePresenceClient();
  const { inbox, selfId } = useChat();
  const newest = inbox.newest(id);
  const unread = inbox.unread(id);
  const sender = usePresenceState((state) =>
    newest ? nameOf(state.users.get(newest.senderId), newest.senderId) : "",
  );
  const count = unread >= UNREAD_MAX ? `${UNREAD_MAX}+` : unread;
  return (
    <a
      className={styles.conversation}
      href={hrefOf({ pane: "chat", conversationId: id })}
      aria-current={isCurrent ? "page" : undefined}
      data-unread={unread > 0}
    >
      {showsPeople ? <Picture id={id} /> : <Group />}
      <span className={styles.facts}>
        <span className={styles.line}>
          <span className={styles.title}>{title ?? id}</span>
          {newest && (
            <time className={styles.time} dateTime={newest.createdAt}>
              {formatShortly(Date.parse(newest.createdAt), clock.now(), locale)}
            </time>
          )}
        </span>
        <span className={styles.line}>
          <span className={styles.preview}>
            {newest && `${newest.senderId === selfId ? texts.you : sender}: ${newest.content}`}
          </span>
          {unread > 0 && (
            <span className={styles.unread}>
              <span aria-hidden="true">{count}</span>
              <span className="visually-hidden">{texts.unread(unread)}</span>
            </span>
          )}
        </span>
      </span>
    </a>
  );
}

/** Of a conversation of two the other person, with their dot. */
function Picture({ id }: { id: string }) {
  const otherId = useOtherMember(id);
  const name = usePresenceState((state) =>
    otherId === undefined ? "" : nameOf(state.users.get(otherId), otherId),
  );
  return otherId === undefined ? <Group /> : <Avatar userId={otherId} name={name} showsPresence />;
}

const Group = () => (
  <span className={styles.group} aria-hidden="true">
    #
  </span>
);

/** The other member of a conversation of two; undefined in any other. */
export function useOtherMember(conversationId: string): string | undefined {
  const { memberIds, total } = useRoomPresence(conversationId);
  const self = useSelf();
  return total === 2 ? memberIds.find((id) => id !== self?.id) : undefined;
}
