"use client";

import { type SyntheticEvent, useId, useState } from "react";
import { createApi } from "./api.ts";
import { asFailure } from "./failure.ts";
import styles from "./sign-in.module.css";
import { useTokenCommand } from "./use-token-command.ts";

/** Takes a token that the gateway accepts as an administrator's; `refusal`: why the last one is not accepted any more. */
export function SignIn({ refusal, onToken }: { refusal: string | null; onToken: (token: string) => void }) {
  const inputId = useId();
  const problemId = useId();
  const command = useTokenCommand();
  const [problem, setProblem] = useState(refusal);
  const [isAsking, setAsking] = useState(false);

  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    if (token === "" || isAsking) return;
    setAsking(true);
    setProblem(null);
    try {
      await createApi({ token, call: (...request) => fetch(...request) }).stats();
      onToken(token);
    } catch (error) {
      setProblem(asFailure(error).message);
      setAsking(false);
    }
  };

  return (
    <main className={styles.page}>
      <h1 className={styles.title}>
        Meeshy presence <span className={styles.part}>console</span>
      </h1>
      <form className={styles.card} onSubmit={submit}>
        <h2 className={styles.heading}>Sign in as an administrator</h2>
        <p className={styles.how}>For a stack on this machine, this prints a token:</p>
        <code className={styles.command}>{command}</code>
        <label className={styles.label} htmlFor={inputId}>
          Administrator&apos;s token
        </label>
        <textarea
          id={inputId}
          name="token"
          className={styles.token}
          rows={4}
          required
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          placeholder="eyJhbGciOi…"
          aria-describedby={problem === null ? undefined : problemId}
          aria-invalid={problem !== null}
        />
        <div role="alert" id={problemId}>
          {problem !== null && <p className={styles.problem}>{problem}</p>}
        </div>
        <button type="submit" className={styles.submit} aria-disabled={isAsking}>
          {isAsking ? "Signing in…" : "Sign in"}
        </button>
        <p className={styles.how}>The token stays in this tab until it is closed or you sign out.</p>
      </form>
    </main>
  );
}
