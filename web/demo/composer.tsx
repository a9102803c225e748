"use client";

import { type KeyboardEvent, type SyntheticEvent, useId, useRef, useState } from "react";
import styles from "./composer.module.css";
import { readDraft, writeDraft } from "./drafts.ts";
import { useSession } from "./session.tsx";
import { sessionStore } from "./storage.ts";

const LONGEST = 10_000;

interface ComposerProps {
  conversationId: string;
  selfId: string;
  send: (content: string) => void;
  /** The person has changed what they write, and it is not empty. */
  onTyping: () => void;
}

/** The box to write a message; what is in it is kept for the life of the tab. Belongs to one conversation for its life. */
export function Composer({ conversationId, selfId, send, onTyping }: ComposerProps) {
  const { texts } = useSession();
  const [draft, setDraft] = useState(() => readDraft(sessionStore, selfId, conversationId));
  const input = useRef<HTMLTextAreaElement>(null);
  const inputId = useId();

  const change = (text: string) => {
    setDraft(text);
    writeDraft(sessionStore, selfId, conversationId, text);
  };
  const submit = () => {
    const content = draft.trim();
    if (content === "") return;
    send(content);
    change("");
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Within a composition (of Japanese, say) the key ends that.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="visually-hidden" htmlFor={inputId}>
        {texts.messageLabel}
      </label>
      <textarea
        ref={input}
        id={inputId}
        className={styles.input}
        value={draft}
        rows={1}
        maxLength={LONGEST}
        autoComplete="off"
        enterKeyHint="send"
        placeholder={texts.messagePlaceholder}
        onChange={(event) => {
          change(event.target.value);
          if (event.target.value.trim() !== "") onTyping();
        }}
        onKeyDown={onKeyDown}
      />
      <button type="submit" className="button" disabled={draft.trim() === ""}>
        {texts.send}
      </button>
    </form>
  );
}
