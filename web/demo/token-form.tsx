"use client";

import { type SyntheticEvent, useId } from "react";
import type { Texts } from "./texts.ts";
import styles from "./token-form.module.css";
import { useTokenCommand } from "./use-token-command.ts";

export function TokenForm({ texts, onToken }: { texts: Texts; onToken: (token: string) => void }) {
  const inputId = useId();
  const command = useTokenCommand();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    if (token !== "") onToken(token);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p className={styles.how}>{texts.tokenCommand}</p>
      <code className={styles.command}>{command}</code>
      <label className={styles.label} htmlFor={inputId}>
        {texts.tokenLabel}
      </label>
      <textarea
        id={inputId}
        name="token"
        className={styles.token}
        rows={3}
        required
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        placeholder="eyJhbGciOi…"
      />
      <button type="submit" className="button">
        {texts.signIn}
      </button>
    </form>
  );
}
