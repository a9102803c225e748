"use client";

import { useCallback, useSyncExternalStore } from "react";
import type { BlockedPerson } from "./api.ts";
import { codeOf } from "./load-failure.tsx";
import { useSession } from "./session.tsx";
import { useLoaded } from "./use-loaded.ts";
import { useIsVisible } from "./use-window.ts";

/** How often this page has changed a block: each change is a reason to read them again. */
let changes = 0;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Answers to people who can block no one: guests, and people of a directory that is an application's. */
const NOT_FOR_THEM = ["forbidden", "not_implemented"];

export interface Blocks {
  /** undefined: not known yet, or not to be had */
  blocked: readonly BlockedPerson[] | undefined;
  /** why they could not be read, as a code */
  failure: string | undefined;
  retry: () => void;
  setBlocked: (userId: string, isBlocked: boolean) => Promise<void>;
}

/**
 * Whom the person has blocked, on whichever device. No event says it of someone who is offline: it is read again when the
 * page is looked at again, and when `reason` changes.
 */
export function useBlocks(reason = ""): Blocks {
  const { api } = useSession();
  const isVisible = useIsVisible();
  const changed = useSyncExternalStore(
    subscribe,
    () => changes,
    () => 0,
  );
  const load = useCallback(() => api.blocked(), [api]);
  const { data, error, retry } = useLoaded(load, `${changed} ${isVisible} ${reason}`);
  const code = error === undefined ? undefined : codeOf(error);
  const setBlocked = useCallback(
    async (userId: string, isBlocked: boolean) => {
      await api.setBlocked(userId, isBlocked);
      changes++;
      for (const listener of listeners) listener();
    },
    [api],
  );
  const failure = code !== undefined && NOT_FOR_THEM.includes(code) ? undefined : code;
  return { blocked: data, failure, retry, setBlocked };
}
