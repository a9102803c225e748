"use client";

import type { ConnectionState } from "../presence/connection.ts";
import { useSelf } from "../presence/hooks.ts";
import styles from "./notice.module.css";
import { useSession } from "./session.tsx";
import { SignInChoices } from "./sign-in-choices.tsx";
import type { Advice, Texts } from "./texts.ts";
import { useDemoPeople } from "./use-demo-people.ts";

type Closed = Extract<ConnectionState, { phase: "refused" | "ended" }>;

/** Why there is no connection, and what to do about it. */
export function Notice({ connection }: { connection: Closed }) {
  const { presence, texts } = useSession();
  const people = useDemoPeople();
  const refusal = connection.phase === "refused" ? connection.error : undefined;
  const isGuest = useSelf()?.isAnonymous ?? false;
  const { title, advice } = adviceFor(connection, isGuest, texts);
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

function adviceFor(connection: Closed, isGuest: boolean, { refusals, endings }: Texts): Advice {
  // What runs out of a guest is the session.
  const isSessionOver = isGuest && connection.phase === "ended" && connection.reason === "expired";
  const code = connection.phase === "refused" ? connection.error.code : isSessionOver && "session_expired";
  if (code) return refusals[code] ?? refusals.other;
  return connection.phase === "ended" ? endings[connection.reason] : refusals.other;
}

/** Whether the same token may be accepted when it is shown again. */
function mayReturn(connection: Closed): boolean {
  return connection.phase === "refused" ? connection.error.retryable : connection.reason !== "expired";
}
