"use client";

import { useState } from "react";
import { nameOf } from "../presence/components/avatar-stack.tsx";
import { usePresence, usePresenceClient } from "../presence/hooks.ts";
import type { Status } from "../presence/locale.ts";
import { errorText } from "../presence/phrases.ts";
import { Avatar } from "./avatar.tsx";
import { useBlocks } from "./blocks.ts";
import { formatShortly } from "./format.ts";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import pane from "./pane.module.css";
import { PersonText } from "./person-text.tsx";
import styles from "./profile.module.css";
import { hrefOf } from "./route.ts";
import { useSession } from "./session.tsx";

/** One person: how they are, until when, when they were last seen, and whether they are blocked. */
export function Profile({ userId, conversationId }: { userId: string; conversationId: string }) {
  const { texts, locale } = useSession();
  const { clock } = usePresenceClient();
  const person = usePresence(userId);
  const { user, status, lastSeenText } = person;
  const name = nameOf(user, userId);
  const ends = user?.statusExpiresAt ? Date.parse(user.statusExpiresAt) : undefined;
  const seenAt = Date.parse(user?.lastSeen ?? user?.lastActiveAt ?? "");
  const facts: [string, string][] = [
    ...(user?.statusText ? [[texts.profile.statusText, user.statusText] satisfies [string, string]] : []),
    ...(ends
      ? [[texts.profile.until, formatShortly(ends, clock.now(), locale)] satisfies [string, string]]
      : []),
    [
      texts.profile.lastSeen,
      status === "online"
        ? lastSeenText
        : Number.isNaN(seenAt)
          ? texts.profile.hidden
          : formatShortly(seenAt, clock.now(), locale),
    ],
    [texts.profile.name, user?.username ?? userId],
  ];
  return (
    <section className={pane.pane} aria-labelledby="profile">
      <header className={pane.head}>
        <a className={pane.back} data-always="true" href={hrefOf({ pane: "people", conversationId })}>
          <span aria-hidden="true">←</span>
          <span className="visually-hidden">{texts.backToPeople}</span>
        </a>
        <h2 id="profile" className={pane.title} tabIndex={-1}>
          {name}
        </h2>
        {user?.isAnonymous && <span className="badge">{texts.guest}</span>}
      </header>
      <div className={styles.body}>
        <div className={styles.portrait} data-user-id={userId}>
          <Avatar userId={userId} name={name} size="large" showsPresence />
          <PersonText person={person} brief />
        </div>
        <dl className={styles.facts}>
          {facts.map(([term, text]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <Block userId={userId} name={name} status={status} />
      </div>
    </section>
  );
}

/** Nothing until it is known whether the person is blocked, and for those who can block no one. */
function Block({ userId, name, status }: { userId: string; name: string; status: Status }) {
  const { texts, locale } = useSession();
  const { blocked, failure: readFailure, retry, setBlocked } = useBlocks(status);
  const [failure, setFailure] = useState<string>();
  if (readFailure !== undefined) return <LoadFailure code={readFailure} retry={retry} />;
  if (blocked === undefined) return null;
  const isBlocked = blocked.some((person) => person.userId === userId);
  const change = () => {
    setFailure(undefined);
    setBlocked(userId, !isBlocked).catch((error) => setFailure(codeOf(error)));
  };
  return (
    <div className={styles.block}>
      <p>{isBlocked ? texts.blocked : texts.blockMeans}</p>
      <button type="button" className={`button ${isBlocked ? "quiet" : "danger"}`} onClick={change}>
        {isBlocked ? texts.unblock(name) : texts.block(name)}
      </button>
      {failure !== undefined && (
        <p role="alert" className="error-text">
          {errorText(failure, locale)}
        </p>
      )}
    </div>
  );
}
