"use client";

import { useState } from "react";
import { errorText } from "../presence/phrases.ts";
import { useBlocks } from "./blocks.ts";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import styles from "./own-menu.module.css";
import { useSession } from "./session.tsx";

/** Whom the person has blocked, and the way back. */
export function BlockedPeople() {
  const { texts, locale } = useSession();
  const { blocked = [], failure: readFailure, retry, setBlocked } = useBlocks();
  const [failure, setFailure] = useState<string>();
  if (readFailure !== undefined) return <LoadFailure code={readFailure} retry={retry} />;
  if (blocked.length === 0) return null;
  return (
    <section className={styles.group} aria-labelledby="blocked">
      <h2 id="blocked" className="heading">
        {texts.own.blockedPeople}
      </h2>
      <ul className={styles.rows}>
        {blocked.map(({ userId, displayName, username }) => {
          const name = displayName || username || userId;
          return (
            <li key={userId} className={styles.row}>
              <span>{name}</span>
              <button
                type="button"
                className="button quiet"
                onClick={() => setBlocked(userId, false).catch((error) => setFailure(codeOf(error)))}
              >
                {texts.unblock(name)}
              </button>
            </li>
          );
        })}
      </ul>
      {failure !== undefined && (
        <p role="alert" className="error-text">
          {errorText(failure, locale)}
        </p>
      )}
    </section>
  );
}
