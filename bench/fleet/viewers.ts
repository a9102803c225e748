import { setTimeout as pause } from "node:timers/promises";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import type { System } from "../systems/system.ts";
import { type BenchClient, openClient } from "./clients.ts";

/** A client that watches the others and reconnects when the connection is lost. Times: monotonic clock, ms. */
export interface Viewer {
  /** How a person reads now, and since when. */
  sees(userId: string): { isOnline: boolean; since: number };
  /** whether it has a view that the server keeps up to date */
  isServed(): boolean;
  /** how often it saw a user go offline */
  departures(): number;
  stop(): void;
}

export interface ViewerOptions {
  onStatus?: (status: UserStatus) => void;
}

const RETRY_MS = 250;
const ACTIVE_EVERY_MS = 4_000;

export function openViewer(
  system: System,
  userId: string,
  home: number,
  { onStatus }: ViewerOptions = {},
): Viewer {
  const view = new Map<string, { isOnline: boolean; since: number }>();
  let front = home;
  let viewedAt = performance.now();
  let hasView = false;
  let isStale = false;
  let departures = 0;
  let stopped = false;
  let client: BenchClient;

  const see = (about: string, isOnline: boolean) => {
    const before = view.get(about);
    if (before?.isOnline === isOnline) return;
    if (before?.isOnline && !isOnline) departures++;
    view.set(about, { isOnline, since: performance.now() });
  };
  const seeAll = ({ users, partial }: PresenceSnapshot) => {
    const named = new Set(users.map((user) => user.userId));
    for (const user of users) see(user.userId, user.isOnline);
    if (partial) return;
    for (const about of view.keys()) if (!named.has(about)) see(about, false);
    viewedAt = performance.now();
    hasView = true;
  };
  const open = () => {
    if (stopped) return;
    client = openClient(system, userId, front, {
      onStatus(status) {
        see(status.userId, status.isOnline);
        onStatus?.(status);
      },
      onEvent(event, payload) {
        if (event === "presence:snapshot") seeAll(payload as PresenceSnapshot);
        else if (event === "presence:stale") isStale = true;
        else if (event === "presence:fresh") isStale = false;
      },
      onClose() {
        hasView = false;
        isStale = false;
        front++;
        setTimeout(open, RETRY_MS);
      },
    });
  };
  open();
  const acts = setInterval(() => client.raw.emit("activity"), ACTIVE_EVERY_MS);
  return {
    sees: (about) => view.get(about) ?? { isOnline: false, since: viewedAt },
    isServed: () => hasView && !isStale,
    departures: () => departures,
    stop() {
      stopped = true;
      clearInterval(acts);
      client.raw.vanish();
    },
  };
}

const LOOK_MS = 10;
/** People named in an error, at most. */
const NAMED = 10;

/**
 * Waits until every viewer is served and sees each of these people so; gives how long after `since` each saw it.
 * Rejects after `withinMs`.
 */
export async function untilSeen(
  viewers: readonly Viewer[],
  userIds: readonly string[],
  isOnline: boolean,
  { since, withinMs }: { since: number; withinMs: number },
): Promise<number[]> {
  const pairs = () =>
    viewers.flatMap((viewer) => userIds.map((userId) => ({ viewer, seen: viewer.sees(userId) })));
  const isSeen = () => pairs().every(({ viewer, seen }) => viewer.isServed() && seen.isOnline === isOnline);
  while (!isSeen()) {
    if (performance.now() - since > withinMs) {
      const wrong = userIds.filter((userId) =>
        viewers.some((viewer) => viewer.sees(userId).isOnline !== isOnline),
      );
      const unserved = viewers.filter((viewer) => !viewer.isServed()).length;
      const some = wrong.length > NAMED ? `${wrong.slice(0, NAMED).join(", ")}, …` : wrong.join(", ");
      throw new Error(
        `after ${withinMs} ms ${wrong.length} people are not seen ${isOnline ? "online" : "offline"} by all (${some}), ${unserved} viewers are not served`,
      );
    }
    await pause(LOOK_MS);
  }
  return pairs().map(({ seen }) => Math.max(0, seen.since - since));
}
