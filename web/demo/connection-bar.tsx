"use client";

import type { ConnectionState } from "../presence/connection.ts";
import { useConnectionState, useSelf } from "../presence/hooks.ts";
import styles from "./connection-bar.module.css";
import type { Language } from "./locale.ts";
import { useSession } from "./session.tsx";
import type { Texts } from "./texts.ts";
import { TopBar } from "./top-bar.tsx";

/** Who is signed in, and how the connection stands. */
export function ConnectionBar() {
  const { texts, locale, signOut } = useSession();
  const connection = useConnectionState();
  const self = useSelf();
  return (
    <TopBar>
      <p className={styles.state} role="status" data-phase={connection.phase}>
        {describe(connection, texts, locale)}
      </p>
      {self && <p className={styles.self}>{self.username ?? self.id}</p>}
      <button type="button" className={styles.signOut} onClick={signOut}>
        {texts.signOut}
      </button>
    </TopBar>
  );
}

function describe(connection: ConnectionState, texts: Texts, locale: Language): string {
  switch (connection.phase) {
    case "connecting":
      return texts.connecting;
    case "live":
      return texts.live;
    case "stale":
      if (connection.recovering) return texts.recovering;
      return texts.stale(
        new Date(connection.since).toLocaleTimeString(locale, { timeStyle: "short" }),
        texts.staleReasons[connection.reason],
      );
    case "refused":
      return connection.error.retryable ? texts.waiting : texts.refused;
    case "ended":
      return texts.ended;
  }
}
