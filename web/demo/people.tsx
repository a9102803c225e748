"use client";

import { memo } from "react";
import { usePersonView, usePresences, useRoomPresence, useSelf } from "../presence/hooks.ts";
import { Avatar } from "./avatar.tsx";
import { LoadFailure } from "./load-failure.tsx";
import pane from "./pane.module.css";
import styles from "./people.module.css";
import { PersonText } from "./person-text.tsx";
import { PresenceNews } from "./presence-news.tsx";
import { type RankedPerson, rankPeople } from "./rank-people.ts";
import { hrefOf } from "./route.ts";
import { useSession } from "./session.tsx";

/** The other people of a conversation, those online first. */
export function People({ conversationId }: { conversationId: string }) {
  const { texts } = useSession();
  const room = useRoomPresence(conversationId);
  return (
    <section className={pane.pane} aria-labelledby="people">
      <header className={pane.head}>
        <a className={pane.back} href={hrefOf({ pane: "chat", conversationId })}>
          <span aria-hidden="true">←</span>
          <span className="visually-hidden">{texts.backToMessages}</span>
        </a>
        <div className={pane.heading}>
          <h2 id="people" className={pane.title} tabIndex={-1}>
            {texts.people}
          </h2>
          <p className={pane.subtitle}>{room.total > 0 && texts.onlineCount(room.online, room.total)}</p>
        </div>
      </header>
      <div className={styles.scroll}>
        {room.error !== null && <LoadFailure code={room.error} />}
        {!room.isLoading && <PeopleList conversationId={conversationId} memberIds={room.memberIds} />}
        {room.more && (
          <button type="button" className={`button quiet ${styles.more}`} onClick={room.more}>
            {texts.morePeople}
          </button>
        )}
      </div>
    </section>
  );
}

function PeopleList({ conversationId, memberIds }: { conversationId: string; memberIds: readonly string[] }) {
  const { texts, locale } = useSession();
  const self = useSelf();
  const others = memberIds.filter((userId) => userId !== self?.id);
  // Rows that are in the window watch their people.
  const people = rankPeople(others, usePresences(others, { watch: false }), locale);
  if (people.length === 0) return <p className={styles.empty}>{texts.noOneElse}</p>;
  return (
    <>
      <ul className={styles.list}>
        {people.map(({ userId, name, isGuest }) => (
          <PersonRow
            key={userId}
            userId={userId}
            name={name}
            isGuest={isGuest}
            conversationId={conversationId}
          />
        ))}
      </ul>
      <PresenceNews people={people} />
    </>
  );
}

type PersonRowProps = Omit<RankedPerson, "status"> & { conversationId: string };

const PersonRow = memo(function PersonRow({ userId, name, isGuest, conversationId }: PersonRowProps) {
  const { texts } = useSession();
  const person = usePersonView(userId);
  return (
    <li data-user-id={userId}>
      <a className={styles.person} href={hrefOf({ pane: "people", conversationId, personId: userId })}>
        <Avatar userId={userId} name={name} showsPresence />
        <span className={styles.facts}>
          <span className={styles.nameLine}>
            <span className={styles.name} data-quiet={person.status === "offline"}>
              {name}
            </span>
            {isGuest && <span className="badge">{texts.guest}</span>}
          </span>
          <PersonText person={person} />
        </span>
      </a>
    </li>
  );
});
