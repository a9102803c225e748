"use client";

import { Action } from "./action.tsx";
import { countText } from "./format.ts";
import { useConsole } from "./session.tsx";

/** The sweep over the database, now instead of at its next time; it concerns everyone. */
export function CleanUp() {
  const { api } = useConsole();
  const run = async () => {
    const { examined, cleaned } = await api.cleanUp();
    return `${countText(examined, "person", "people")} examined, ${numberOf(cleaned)} taken offline.`;
  };
  return (
    <Action label="Clean up zombies" question="Clean up zombies now?" needs="database" run={run}>
      <p>
        The sweeper looks in the database for everyone who is stored as online without a recent sign of life,
        and has each of them checked.
      </p>
      <p>
        Those who are zombies past their deadline become offline. No open connection is closed, and no one who
        is active changes.
      </p>
    </Action>
  );
}

const numberOf = (cleaned: number): string => (cleaned === 0 ? "none" : String(cleaned));
