"use client";

import { nameOf } from "../presence/components/avatar-stack.tsx";
import { OnlineIndicator } from "../presence/components/online-indicator.tsx";
import { usePersonView, useRoomPresence } from "../presence/hooks.ts";
import type { ConversationSummary } from "./api.ts";
import styles from "./chat-head.module.css";
import { useOtherMember } from "./conversations.tsx";
import pane from "./pane.module.css";
import { PersonText } from "./person-text.tsx";
import { hrefOf } from "./route.ts";
import { useSession } from "./session.tsx";

/** Which conversation is open, who is there, and the ways to the other columns of a narrow window. */
export function ChatHead({ conversation: { id, title } }: { conversation: ConversationSummary }) {
  const { texts } = useSession();
  const room = useRoomPresence(id);
  const otherId = useOtherMember(id);
  return (
    <header className={pane.head}>
      <a className={pane.back} href={hrefOf({ pane: "list" })}>
        <span aria-hidden="true">←</span>
        <span className="visually-hidden">{texts.backToConversations}</span>
      </a>
      <div className={pane.heading}>
        <h2 id="messages" className={pane.title} tabIndex={-1}>
          {title ?? id}
        </h2>
        {otherId === undefined ? (
          <p className={pane.subtitle}>{room.total > 0 && texts.onlineCount(room.online, room.total)}</p>
        ) : (
          <Other userId={otherId} />
        )}
      </div>
      <a className={styles.people} href={hrefOf({ pane: "people", conversationId: id })}>
        {texts.people}
      </a>
    </header>
  );
}

function Other({ userId }: { userId: string }) {
  const person = usePersonView(userId);
  const name = nameOf(person.user, userId);
  return (
    <div className={styles.other}>
      <OnlineIndicator userId={userId} />
      <span className={styles.name}>{name}</span>
      <PersonText person={person} />
    </div>
  );
}
