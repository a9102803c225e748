"use client";

import { errorText } from "../presence/phrases.ts";
import { useChat } from "./chat-context.tsx";
import { formatTime } from "./format.ts";
import styles from "./messages.module.css";
import type { Outgoing } from "./outbox.ts";
import { useSession } from "./session.tsx";

/** One of the person's own messages that is under way. */
export function OutgoingItem({ entry }: { entry: Outgoing }) {
  const { texts, locale } = useSession();
  const { outbox } = useChat();
  const { key, content, state, at, code } = entry;
  return (
    <article className={styles.message} data-own="true" data-state={state} aria-busy={state === "sending"}>
      <div className={styles.body}>
        <p className="visually-hidden">{texts.you}</p>
        <div className={styles.bubble}>
          <p className={styles.content}>{content}</p>
          <span className={styles.time}>
            {state === "sent" && formatTime(at, locale)}
            {state === "sending" && texts.sending}
            {state === "waiting" && texts.waitsForConnection}
          </span>
        </div>
        {state === "refused" && (
          <div className={styles.refused} role="alert">
            <p className="error-text">
              {texts.notSent} {errorText(code ?? "internal", locale)}
            </p>
            <button type="button" className="button quiet" onClick={() => outbox.retry(key)}>
              {texts.tryAgain}
            </button>
            <button type="button" className="button quiet" onClick={() => outbox.remove(key)}>
              {texts.remove}
            </button>
          </div>
        )}
      </div>
    </article>
  );
}
