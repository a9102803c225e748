"use client";

import { useEffect, useRef, useState } from "react";
import { useRealtimeStatus } from "../presence/ancestor.ts";
import { type Status, wordsOf } from "../presence/locale.ts";
import type { RankedPerson } from "./rank-people.ts";
import { useSession } from "./session.tsx";

/** Announces to screen readers whose status has just changed; silent while the view may be stale. */
export function PresenceNews({ people }: { people: readonly RankedPerson[] }) {
  const { texts, locale } = useSession();
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
    setNews(
      changed.map(({ name, status }) => texts.presenceNews(name, wordsOf(locale).status[status])).join(", "),
    );
  }, [people, isLive, texts, locale]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {news}
    </p>
  );
}
