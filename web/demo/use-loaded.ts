"use client";

import { useEffect, useState } from "react";
import { usePresenceState } from "../presence/hooks.ts";

export interface Loaded<T> {
  /** The last answer; kept while a newer one is on its way. */
  data: T | undefined;
  error: unknown;
  retry: () => void;
}

/**
 * What `load` reads, read again after every full snapshot, for each means that something may have been missed, and when
 * `reason` changes. `load` must be stable: a new function is a new question.
 */
export function useLoaded<T>(load: () => Promise<T>, reason = ""): Loaded<T> {
  const snapshots = usePresenceState((state) => state.snapshots);
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<{ load: typeof load; data?: T; error?: unknown }>({ load });

  // A snapshot, a new attempt and the caller's own are reasons to read again.
  useEffect(() => {
    let isOver = false;
    load().then(
      (data) => {
        if (!isOver) setAnswer({ load, data });
      },
      (error: unknown) => {
        if (isOver) return;
        setAnswer((last) => (last.load === load ? { ...last, error } : { load, error }));
      },
    );
    return () => {
      isOver = true;
    };
  }, [load, snapshots, attempt, reason]);

  const current = answer.load === load ? answer : undefined;
  return { data: current?.data, error: current?.error, retry: () => setAttempt((count) => count + 1) };
}
