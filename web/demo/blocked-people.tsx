"use client";

import { useState } from "react";
import { errorText } from "../presence/phrases.ts";
import { useBlocks } from "./blocks.ts";
import { codeOf } from "./load-failure.tsx";
import styles from "./own-menu.module.css";
import { useSession } from "./session.tsx";

/** Whom the person has blocked here, and the way back. */
export function BlockedPeople() {
  const { texts, locale } = useSession();
  const { blocked, setBlocked } = useBlocks();
  const [failure, setFailure] = useState<string>();
  if (blocked.length === 0) return null;
  return (
    <section className={styles.group} aria-labelledby="blocked">
      <h2 id="blocked" className="heading">
        {texts.own.blockedPeople}
      </h2>
      <ul className={styles.rows}>
        {blocked.map((person) => (
          <li key={person.id} className={styles.row}>
            <span>{person.name}</span>
            <button
              type="button"
              className="button quiet"
              onClick={() => setBlocked(person, false).catch((error) => setFailure(codeOf(error)))}
            >
              {texts.unblock(person.name)}
            </button>
          </li>
        ))}
      </ul>
      {failure !== undefined && (
        <p role="alert" className="error-text">
          {errorText(failure, locale)}
        </p>
      )}
    </section>
  );
}
