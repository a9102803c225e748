"use client";

import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useSelf } from "../presence/hooks.ts";
import { useSession } from "./session.tsx";

/** Whom the person has blocked with this browser: the server says of no one whether they are blocked. */

export interface BlockedPerson {
  id: string;
  name: string;
}

const keyOf = (selfId: string) => `meeshy.blocked.${encodeURIComponent(selfId)}`;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

export function useBlocks() {
  const { api } = useSession();
  const selfId = useSelf()?.id ?? "";
  const stored = useSyncExternalStore(
    subscribe,
    () => localStorage.getItem(keyOf(selfId)),
    () => null,
  );
  const blocked = useMemo((): BlockedPerson[] => JSON.parse(stored ?? "[]"), [stored]);
  const setBlocked = useCallback(
    async (person: BlockedPerson, isBlocked: boolean) => {
      await api.setBlocked(person.id, isBlocked);
      const known: BlockedPerson[] = JSON.parse(localStorage.getItem(keyOf(selfId)) ?? "[]");
      const others = known.filter(({ id }) => id !== person.id);
      localStorage.setItem(keyOf(selfId), JSON.stringify(isBlocked ? [...others, person] : others));
      for (const listener of listeners) listener();
    },
    [api, selfId],
  );
  return { blocked, setBlocked };
}
