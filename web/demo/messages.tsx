"use client";

import type { ConversationSummary } from "./api.ts";
import { useChat, useOutgoing } from "./chat-context.tsx";
import { ChatHead } from "./chat-head.tsx";
import { Composer } from "./composer.tsx";
import { formatDay } from "./format.ts";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import { MessageItem } from "./message-item.tsx";
import { toMessageRows } from "./message-rows.ts";
import styles from "./messages.module.css";
import { OutgoingItem } from "./outgoing-item.tsx";
import pane from "./pane.module.css";
import { useSession } from "./session.tsx";
import { TypingLine } from "./typing-line.tsx";
import { useFollowEnd } from "./use-follow-end.ts";
import { useMessages } from "./use-messages.ts";
import { useTypingNotice } from "./use-typing.ts";

/** The messages of one conversation, and the box to write one. */
export function Messages({ conversation }: { conversation: ConversationSummary }) {
  const { texts, locale, presence } = useSession();
  const { selfId, outbox } = useChat();
  const { messages, error, retry, readEarlier } = useMessages(conversation.id);
  const seen = new Set(messages?.map(({ id }) => id));
  const outgoing = useOutgoing(conversation.id).filter(
    ({ messageId }) => messageId === undefined || !seen.has(messageId),
  );
  const last = outgoing.at(-1)?.key ?? messages?.at(-1)?.id;
  const isOwn = outgoing.length > 0 || messages?.at(-1)?.senderId === selfId;
  const { log, hasNews, goToEnd } = useFollowEnd({ first: messages?.[0]?.id, last, isOwn });
  const onTyping = useTypingNotice(conversation.id);
  const now = presence.clock.now();
  return (
    <section className={`${pane.pane} ${styles.messages}`} aria-labelledby="messages">
      <ChatHead conversation={conversation} />
      <div className={styles.middle}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
        <div ref={log} className={styles.log} role="log" aria-label={texts.messages} tabIndex={0}>
          {error !== undefined && <LoadFailure code={codeOf(error)} retry={retry} />}
          {readEarlier && (
            <button type="button" className={`button quiet ${styles.earlier}`} onClick={readEarlier}>
              {texts.earlier}
            </button>
          )}
          {messages?.length === 0 && outgoing.length === 0 && (
            <p className={styles.empty}>{texts.noMessages}</p>
          )}
          {toMessageRows(messages ?? []).map((row) =>
            row.kind === "day" ? (
              <h3 key={row.key} className={styles.day}>
                <span>{formatDay(row.at, now, { locale, texts })}</span>
              </h3>
            ) : (
              <MessageItem
                key={row.key}
                message={row.message}
                continues={row.continues}
                conversationId={conversation.id}
              />
            ),
          )}
          {outgoing.map((entry) => (
            <OutgoingItem key={entry.key} entry={entry} />
          ))}
        </div>
        {hasNews && (
          <button type="button" className={`button ${styles.news}`} onClick={goToEnd}>
            {texts.newMessages} <span aria-hidden="true">↓</span>
          </button>
        )}
      </div>
      <TypingLine conversationId={conversation.id} />
      <Composer
        conversationId={conversation.id}
        selfId={selfId}
        onTyping={onTyping}
        send={(content) => outbox.add(conversation.id, content)}
      />
    </section>
  );
}
