"use client";

import { usePresences, useRoomPresence, useSelf } from "../presence/hooks.ts";
import { LoadFailure } from "./load-failure.tsx";
import styles from "./people.module.css";
import { Person } from "./person.tsx";
import { PresenceNews } from "./presence-news.tsx";
import { rankPeople } from "./rank-people.ts";
import { useSession } from "./session.tsx";

/** The other people of a conversation, those online first. */
export function People({ conversationId }: { conversationId: string }) {
  const { texts } = useSession();
  const room = useRoomPresence(conversationId);
  return (
    <section className={styles.people} aria-labelledby="people">
      <h2 id="people" className="heading">
        {texts.people}
      </h2>
      {room.total > 0 && <p className={styles.count}>{texts.onlineCount(room.online, room.total)}</p>}
      {room.error !== null && <LoadFailure code={room.error} />}
      {!room.isLoading && <PeopleList memberIds={room.memberIds} />}
      {room.more && (
        <button type="button" className="button quiet" onClick={room.more}>
          {texts.morePeople}
        </button>
      )}
    </section>
  );
}

function PeopleList({ memberIds }: { memberIds: readonly string[] }) {
  const { texts, locale } = useSession();
  const self = useSelf();
  const others = memberIds.filter((userId) => userId !== self?.id);
  // Rows that are in the window watch their people.
  const people = rankPeople(others, usePresences(others, { watch: false }), locale);
  if (people.length === 0) return <p className={styles.empty}>{texts.noOneElse}</p>;
  return (
    <>
      <ul className={styles.list}>
        {people.map(({ userId, name }) => (
          <Person key={userId} userId={userId} name={name} />
        ))}
      </ul>
      <PresenceNews people={people} />
    </>
  );
}
