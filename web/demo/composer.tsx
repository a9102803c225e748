"use client";

import { type SyntheticEvent, useId, useState } from "react";
import { errorText } from "../presence/phrases.ts";
import styles from "./composer.module.css";
import { codeOf } from "./load-failure.tsx";
import { useSession } from "./session.tsx";

const LONGEST = 10_000;

/** The box to write a message; what the server has not accepted stays in it. */
export function Composer({ title, send }: { title: string; send: (content: string) => Promise<void> }) {
  const { texts, locale } = useSession();
  const [draft, setDraft] = useState("");
  const [isSending, setSending] = useState(false);
  const [failure, setFailure] = useState<string>();
  const inputId = useId();

  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const content = draft.trim();
    if (content === "" || isSending) return;
    setSending(true);
    setFailure(undefined);
    try {
      await send(content);
      setDraft("");
    } catch (error) {
      setFailure(codeOf(error));
    } finally {
      setSending(false);
    }
  };

  return (
    <form className={styles.composer} onSubmit={submit}>
      <label className="visually-hidden" htmlFor={inputId}>
        {texts.messageLabel}
      </label>
      <input
        id={inputId}
        className={styles.input}
        value={draft}
        maxLength={LONGEST}
        autoComplete="off"
        enterKeyHint="send"
        placeholder={texts.messagePlaceholder(title)}
        readOnly={isSending}
        onChange={(event) => setDraft(event.target.value)}
      />
      <button type="submit" className="button" disabled={draft.trim() === "" || isSending}>
        {texts.send}
      </button>
      {failure !== undefined && (
        <p role="alert" className={styles.failure}>
          {texts.notSent} {errorText(failure, locale)}
        </p>
      )}
    </form>
  );
}
