"use client";

import { useEffect, useRef } from "react";
import type { ConversationSummary } from "./api.ts";
import { Composer } from "./composer.tsx";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import { MessageItem } from "./message-item.tsx";
import styles from "./messages.module.css";
import { useSession } from "./session.tsx";
import { useMessages } from "./use-messages.ts";

/** The messages of one conversation, and the box to write one. */
export function Messages({ conversation }: { conversation: ConversationSummary }) {
  const { texts } = useSession();
  const { messages, error, retry, readEarlier, send } = useMessages(conversation.id);
  const log = useRef<HTMLDivElement>(null);
  const newestId = messages?.at(-1)?.id;
  // A new message is the reason to scroll.
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [newestId]);
  const title = conversation.title ?? conversation.id;
  return (
    <section className={styles.messages} aria-labelledby="messages">
      <h2 id="messages" className={styles.title}>
        {title}
      </h2>
      <div ref={log} className={styles.log} role="log" aria-label={texts.messages}>
        {error !== undefined && <LoadFailure code={codeOf(error)} retry={retry} />}
        {readEarlier && (
          <button type="button" className="button quiet" onClick={readEarlier}>
            {texts.earlier}
          </button>
        )}
        {messages?.length === 0 && <p className={styles.empty}>{texts.noMessages}</p>}
        {messages?.map((message, index) => (
          <MessageItem
            key={message.id}
            message={message}
            continues={messages[index - 1]?.senderId === message.senderId}
          />
        ))}
      </div>
      <Composer title={title} send={send} />
    </section>
  );
}
