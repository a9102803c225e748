"use client";

import { useEffect, useRef, useState } from "react";
import { useRealtimeStatus } from "../presence/ancestor.ts";
import { usePresenceClient } from "../presence/hooks.ts";
import type { Status } from "../presence/locale.ts";
import { getUserStatus } from "../presence/status.ts";
import type { RankedPerson } from "./rank-people.ts";
import { useSession } from "./session.tsx";

/** Announces to screen readers whose status has just changed; silent while the view may be stale. */
export function PresenceNews({ people }: { people: readonly RankedPerson[] }) {
  const { texts, locale } = useSession();
  const { store, clock } = usePresenceClient();
  const { isLive } = useRealtimeStatus();
  const before = useRef(new Map<string, Status>());
  const [news, setNews] = useState("");
  useEffect(() => {
    const changed = people.filter(({ userId, status }) => {
      const last = before.current.get(userId);
      return last !== undefined && last !== status;
    });
    before.current = new Map(people.map(({ userId, status }) => [userId, status]));
    if (!isLive || changed.length === 0) return;
    const { users } = store.getState();
    const labelOf = (userId: string) => getUserStatus(users.get(userId), clock.now(), { locale }).label;
    setNews(changed.map(({ userId, name }) => texts.presenceNews(name, labelOf(userId))).join(", "));
  }, [people, isLive, texts, locale, store, clock]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {news}
    </p>
  );
}
