"use client";

import type { ConnectionState } from "../presence/connection.ts";
import styles from "./notice.module.css";
import { useSession } from "./session.tsx";
import { SignInChoices } from "./sign-in-choices.tsx";
import { useDemoPeople } from "./use-demo-people.ts";

type Closed = Extract<ConnectionState, { phase: "refused" | "ended" }>;

/** Why there is no connection, and what to do about it. */
export function Notice({ connection }: { connection: Closed }) {
  const { presence, texts } = useSession();
  const people = useDemoPeople();
  const refusal = connection.phase === "refused" ? connection.error : undefined;
  const { title, advice } =
    connection.phase === "refused"
      ? (texts.refusals[connection.error.code] ?? texts.refusals.other)
      : texts.endings[connection.reason];
  return (
    <main className={styles.page}>
      <section className={styles.card} aria-labelledby="notice">
        <div role="alert">
          <h2 id="notice" className={styles.title}>
            {title}
          </h2>
          <p>{advice}</p>
        </div>
        {refusal?.retryable && <p className={styles.reason}>{texts.retrying}</p>}
        {mayReturn(connection) ? (
          <button type="button" className="button" onClick={presence.reconnect}>
            {texts.connectAgain}
          </button>
        ) : (
          <SignInChoices texts={texts} people={people} showsTokenForm />
        )}
      </section>
    </main>
  );
}

/** Whether the same token may be accepted when it is shown again. */
function mayReturn(connection: Closed): boolean {
  return connection.phase === "refused" ? connection.error.retryable : connection.reason !== "expired";
}
