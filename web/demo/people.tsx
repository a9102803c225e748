"use client";

import type { UserStatus } from "@meeshy/shared/status";
import { useCallback } from "react";
import { useNow } from "../presence/clock.ts";
import { isFeedLive } from "../presence/connection.ts";
import { useConnectionState, usePresences, useSelf } from "../presence/hooks.ts";
import { LoadFailure } from "./load-failure.tsx";
import styles from "./people.module.css";
import { Person } from "./person.tsx";
import { PresenceNews } from "./presence-news.tsx";
import { rankPeople } from "./rank-people.ts";
import { useSession } from "./session.tsx";
import { useLoaded } from "./use-loaded.ts";

/** The other people of a conversation, those online first. */
export function People({ conversationId }: { conversationId: string }) {
  const { api, presence, texts } = useSession();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const { users } = await api.members(conversationId, signal);
      presence.store.fill(users);
      return users;
    },
    [api, presence, conversationId],
  );
  const { data, error, retry } = useLoaded(load);
  return (
    <section className={styles.people} aria-labelledby="people">
      <h2 id="people" className="heading">
        {texts.people}
      </h2>
      {error && <LoadFailure error={error} retry={retry} />}
      {data && <PeopleList members={data} />}
    </section>
  );
}

function PeopleList({ members }: { members: readonly UserStatus[] }) {
  const { texts } = useSession();
  const self = useSelf();
  const others = members.filter(({ userId }) => userId !== self?.id);
  const known = usePresences(others.map(({ userId }) => userId));
  const live = isFeedLive(useConnectionState());
  const people = rankPeople(others, known, useNow(), live);
  if (people.length === 0) return <p className={styles.empty}>{texts.noOneElse}</p>;
  const online = people.filter(({ status }) => status === "online").length;
  return (
    <>
      <p className={styles.count}>{texts.onlineCount(online, people.length)}</p>
      <ul className={styles.list}>
        {people.map(({ userId, name }) => (
          <Person key={userId} userId={userId} name={name} />
        ))}
      </ul>
      <PresenceNews people={people} live={live} />
    </>
  );
}
