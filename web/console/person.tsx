"use client";

import { useCallback } from "react";
import { Action } from "./action.tsx";
import { CleanUp } from "./clean-up.tsx";
import styles from "./console.module.css";
import { countText, listText } from "./format.ts";
import { History, TransitionTable } from "./history.tsx";
import { StaleNotice } from "./notice.tsx";
import own from "./person.module.css";
import { Connections, Layers } from "./person-facts.tsx";
import { useConsole, useNow } from "./session.tsx";
import { StateBadge } from "./state-badge.tsx";
import { usePolled } from "./use-polled.ts";
import { othersSee, whyText } from "./why-text.ts";
import type { Explanation } from "./wire.ts";

const EVERY_MS = 2_000;

/** One person: why they are shown as they are, how it came about, and what can be done. */
export function PersonView({ userId }: { userId: string }) {
  const { api, names, list } = useConsole();
  const question = useCallback(() => api.explain(userId), [api, userId]);
  const polled = usePolled(question, EVERY_MS);
  const name = names.get(userId);
  return (
    <section className={styles.view} aria-labelledby="person">
      <p>
        <a className={own.back} href={list.address}>
          ← People
        </a>
      </p>
      <h2 id="person" className={styles.title}>
        {name ?? userId}
        {name !== undefined && name !== userId && <span className={own.id}>{userId}</span>}
      </h2>
      <StaleNotice polled={polled} />
      {polled.data ? (
        <Facts name={name ?? userId} explanation={polled.data} refresh={polled.refresh} />
      ) : (
        polled.failure === undefined && <p className={styles.muted}>Reading…</p>
      )}
    </section>
  );
}

interface FactsProps {
  name: string;
  explanation: Explanation;
  refresh: () => void;
}

function Facts({ name, explanation, refresh }: FactsProps) {
  const { connections, transitions } = explanation;
  return (
    <>
      <Why explanation={explanation} />
      <History transitions={transitions} />
      <div className={own.columns}>
        <Connections connections={connections} />
        <Layers explanation={explanation} />
      </div>
      <section className={styles.card} aria-labelledby="actions">
        <h3 id="actions" className={styles.heading}>
          Actions
        </h3>
        <p className={styles.muted}>Disconnecting concerns this person, cleaning up everyone.</p>
        <div className={own.actions}>
          <Disconnect name={name} explanation={explanation} onDone={refresh} />
          <CleanUp />
        </div>
      </section>
      <TransitionTable transitions={transitions} />
    </>
  );
}

function Why({ explanation }: { explanation: Explanation }) {
  const now = useNow();
  const { state, ownAvailability } = explanation;
  const seen = othersSee(state, ownAvailability.availability);
  return (
    <section className={styles.card} aria-labelledby="why">
      <h3 id="why" className={styles.heading}>
        Why this status
      </h3>
      <p className={own.states}>
        <span>
          State <StateBadge state={state} />
        </span>
        <span>
          Others see <StateBadge state={seen.startsWith("offline (") ? "invisible" : seen} label={seen} />
        </span>
      </p>
      <p className={own.why}>{whyText(explanation, now)}</p>
    </section>
  );
}

function Disconnect({
  name,
  explanation: { userId, connections },
  onDone,
}: {
  name: string;
  explanation: Explanation;
  onDone: () => void;
}) {
  const { api } = useConsole();
  const gateways = [...new Set(connections.map(({ gatewayId }) => gatewayId))];
  const run = async () => {
    try {
      const { disconnected } = await api.disconnect(userId);
      return `${countText(disconnected, "connection")} closed, ${name} is offline.`;
    } finally {
      onDone();
    }
  };
  return (
    <Action label="Disconnect" question={`Disconnect ${name}?`} needs="log" run={run}>
      <p>
        {connections.length === 0
          ? "No connection is open now. One that a gateway out of reach still has is closed when it is back."
          : `Closes ${countText(connections.length, "connection")} (${listText(gateways, 3)}). ${name} is shown offline at once.`}
      </p>
      <p>
        Clients do not come back by themselves: the person has to open the page again. Signing in stays
        possible; to prevent it, disable the account.
      </p>
    </Action>
  );
}
