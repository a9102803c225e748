"use client";

import { useConnectionState, usePresenceState } from "../presence/hooks.ts";
import styles from "./connection-notice.module.css";
import { formatTime } from "./format.ts";
import { useSession } from "./session.tsx";

/**
 * Says below the conversations that what is shown may be old, and why: over them, so that nothing moves. A loss of a few
 * seconds is not worth a word.
 */
export function ConnectionNotice() {
  const { texts, locale } = useSession();
  const connection = useConnectionState();
  const hasBeenLive = usePresenceState((state) => state.snapshots > 0);
  let text = "";
  if (connection.phase === "stale" && !connection.recovering) {
    text = texts.staleSince(formatTime(Date.parse(connection.since), locale), connection.reason);
  } else if (connection.phase === "connecting" || connection.phase === "refused") {
    text = connection.held || !hasBeenLive ? "" : texts.noConnection;
  }
  return (
    <p className={styles.notice} role="status" hidden={text === ""}>
      {text}
    </p>
  );
}
