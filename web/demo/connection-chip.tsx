"use client";

import type { ConnectionState } from "../presence/connection.ts";
import { useConnectionState, usePresenceState } from "../presence/hooks.ts";
import styles from "./connection-chip.module.css";
import { useSession } from "./session.tsx";
import type { Texts } from "./texts.ts";

/** How the connection stands, in a word or two, always at the same place. */
export function ConnectionChip() {
  const { texts } = useSession();
  const connection = useConnectionState();
  const hasBeenLive = usePresenceState((state) => state.snapshots > 0);
  return (
    <p className={styles.chip} role="status" data-phase={connection.phase}>
      {describe(connection, hasBeenLive, texts)}
    </p>
  );
}

function describe(connection: ConnectionState, hasBeenLive: boolean, texts: Texts): string {
  switch (connection.phase) {
    case "connecting":
      return hasBeenLive ? texts.reconnecting : texts.connecting;
    case "live":
      return texts.live;
    case "stale":
      return connection.recovering ? texts.recovering : texts.stale;
    case "refused":
      return connection.error.retryable ? texts.waiting : texts.refused;
    case "ended":
      return texts.ended;
  }
}
