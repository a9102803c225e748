"use client";

import { nameOf } from "../presence/components/avatar-stack.tsx";
import { usePresenceState, useSelf } from "../presence/hooks.ts";
import type { ChatMessage } from "../presence/wire.ts";
import styles from "./messages.module.css";
import { useSession } from "./session.tsx";

/** One message; `continues` when the one above is of the same person, whose name is not shown again. */
export function MessageItem({ message, continues }: { message: ChatMessage; continues: boolean }) {
  const { texts, locale } = useSession();
  const isOwn = useSelf()?.id === message.senderId;
  const sender = usePresenceState((state) => nameOf(state.users.get(message.senderId), message.senderId));
  const name = isOwn ? texts.you : sender;
  const sentAt = new Date(message.createdAt);
  return (
    <article className={styles.message} data-own={isOwn}>
      <p className={continues ? "visually-hidden" : styles.sender}>{name}</p>
      <p className={styles.content}>{message.content}</p>
      <time className={styles.time} dateTime={message.createdAt} title={sentAt.toLocaleString(locale)}>
        {sentAt.toLocaleTimeString(locale, { timeStyle: "short" })}
      </time>
    </article>
  );
}
