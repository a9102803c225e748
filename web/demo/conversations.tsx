"use client";

import type { ConversationSummary } from "./api.ts";
import styles from "./conversations.module.css";
import { useSession } from "./session.tsx";

interface ConversationsProps {
  conversations: readonly ConversationSummary[];
  selectedId: string;
  onSelect: (id: string) => void;
}

export function Conversations({ conversations, selectedId, onSelect }: ConversationsProps) {
  const { texts } = useSession();
  return (
    <nav className={styles.conversations} aria-labelledby="conversations">
      <h2 id="conversations" className="heading">
        {texts.conversations}
      </h2>
      <ul className={styles.list}>
        {conversations.map(({ id, title }) => (
          <li key={id}>
            <button
              type="button"
              className={styles.conversation}
              aria-current={id === selectedId ? "true" : undefined}
              onClick={() => onSelect(id)}
            >
              {title ?? id}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
