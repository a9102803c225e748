"use client";

import { createContext, useContext, useEffect, useState } from "react";
import type { ConsoleApi } from "./api.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { ServerClock } from "./server-clock.ts";

/** What the parts of the console share while an administrator is signed in. */
export interface ConsoleSession {
  api: ConsoleApi;
  clock: ServerClock;
  live: LiveFeed;
  /** of the people that were listed, by user id: an explanation names only the id */
  names: Map<string, string>;
  /** where the list of people was left, for the way back to it */
  list: { address: string };
  signOut: () => void;
}

export const ConsoleContext = createContext<ConsoleSession | null>(null);

export function useConsole(): ConsoleSession {
  const session = useContext(ConsoleContext);
  if (session === null) throw new Error("This part of the console is for administrators who are signed in.");
  return session;
}

/** What stands in the way of changes; null: nothing. */
export interface Obstacles {
  /** of those that go through the log, which is all of them */
  log: string | null;
  /** of those that need the database besides */
  database: string | null;
}

export const ObstaclesContext = createContext<Obstacles>({ log: null, database: null });

const TICK_MS = 1_000;

/** The server's time, ms since 1970, renewed every second. */
export function useNow(): number {
  const { clock } = useConsole();
  const [now, setNow] = useState(clock.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [clock]);
  return now;
}
