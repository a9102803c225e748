"use client";

import { memo } from "react";
import { nameOf } from "../presence/components/avatar-stack.tsx";
import { usePresenceState } from "../presence/hooks.ts";
import type { ChatMessage } from "../presence/wire.ts";
import { Avatar } from "./avatar.tsx";
import { useChat } from "./chat-context.tsx";
import { formatMoment, formatTime } from "./format.ts";
import styles from "./messages.module.css";
import { hrefOf } from "./route.ts";
import { useSession } from "./session.tsx";

interface MessageItemProps {
  message: ChatMessage;
  /** the one above is of the same person, whose name is not shown again */
  continues: boolean;
  conversationId: string;
}

/** One message: those of the person on the right, all others beside their sender. */
export const MessageItem = memo(function MessageItem({
  message,
  continues,
  conversationId,
}: MessageItemProps) {
  const { texts, locale } = useSession();
  const { selfId } = useChat();
  const { senderId, content, createdAt } = message;
  const isOwn = senderId === selfId;
  const name = usePresenceState((state) => nameOf(state.users.get(senderId), senderId));
  const isGuest = usePresenceState((state) => state.users.get(senderId)?.isAnonymous ?? false);
  const at = Date.parse(createdAt);
  const href = hrefOf({ pane: "people", conversationId, personId: senderId });
  return (
    <article className={styles.message} data-own={isOwn} data-continues={continues}>
      <div className={styles.body}>
        {isOwn ? (
          <p className="visually-hidden">{texts.you}</p>
        ) : (
          <p className={continues ? "visually-hidden" : styles.sender}>
            {/* By keyboard a profile is reached from the list of people: a long log would be a long way to the composer. */}
            {continues ? (
              name
            ) : (
              <a href={href} tabIndex={-1}>
                <span className={styles.picture}>
                  <Avatar userId={senderId} name={name} size="small" showsPresence />
                </span>
                {name}
              </a>
            )}
            {isGuest && !continues && <span className="badge">{texts.guest}</span>}
          </p>
        )}
        <div className={styles.bubble}>
          <p className={styles.content}>{content}</p>
          <time className={styles.time} dateTime={createdAt} title={formatMoment(at, locale)}>
            {formatTime(at, locale)}
          </time>
        </div>
      </div>
    </article>
  );
});
