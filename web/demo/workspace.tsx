"use client";

import { useState } from "react";
import { useConnectionState, usePresenceState } from "../presence/hooks.ts";
import { Conversations } from "./conversations.tsx";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import { Messages } from "./messages.tsx";
import { Notice } from "./notice.tsx";
import { People } from "./people.tsx";
import { useSession } from "./session.tsx";
import { useLoaded } from "./use-loaded.ts";
import styles from "./workspace.module.css";

/** What a signed-in person sees: a notice when the connection is over, else conversations, messages, people. */
export function Workspace() {
  const connection = useConnectionState();
  const hasBeenLive = usePresenceState((state) => state.snapshots > 0);
  if (connection.phase === "ended") return <Notice connection={connection} />;
  // A busy server is no reason to take away what is on the screen.
  const isPassing = connection.phase === "refused" && connection.error.retryable && hasBeenLive;
  if (connection.phase === "refused" && !isPassing) return <Notice connection={connection} />;
  return hasBeenLive ? <Chat /> : <main className={styles.waiting} aria-busy="true" />;
}

function Chat() {
  const { api, texts } = useSession();
  const { data, error, retry } = useLoaded(api.conversations);
  const [selectedId, setSelectedId] = useState<string>();
  if (data === undefined) {
    return (
      <main className={styles.waiting} aria-busy={error === undefined}>
        {error !== undefined && <LoadFailure code={codeOf(error)} retry={retry} />}
      </main>
    );
  }
  const selected = data.conversations.find(({ id }) => id === selectedId) ?? data.conversations[0];
  if (selected === undefined) return <main className={styles.waiting}>{texts.noConversations}</main>;
  return (
    <main className={styles.workspace}>
      <Conversations conversations={data.conversations} selectedId={selected.id} onSelect={setSelectedId} />
      <People key={`people ${selected.id}`} conversationId={selected.id} />
      <Messages key={selected.id} conversation={selected} />
    </main>
  );
}
