import { setTimeout as pause } from "node:timers/promises";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import type { System } from "../systems/system.ts";
import { type BenchClient, openClient } from "./clients.ts";
import { createView } from "./view.ts";

/** A client that watches the others and reconnects when the connection is lost. Times: monotonic clock, ms. */
export interface Viewer {
  /** How a person reads now, and since when. */
  sees(userId: string): { isOnline: boolean; since: number };
  /** whether its connection is authenticated, be there views or not */
  isIn(): boolean;
  /** whether it has a view that the server keeps up to date */
  isServed(): boolean;
  /** when the view of its present connection came; undefined while there is none */
  viewedAt(): number | undefined;
  /** how often it saw a user go offline, of those whom `counts` selects */
  departures(counts?: (userId: string) => boolean): number;
  stop(): void;
}

export interface ViewerOptions {
  onStatus?: (status: UserStatus) => void;
  /** ms before it comes back, by the attempts made since it lost its view */
  retryMs?: (attempt: number) => number;
  /** comes back to its own front, not to the next */
  staysHome?: boolean;
  /** sends no activity */
  isIdle?: boolean;
}

const RETRY_MS = 250;
const ACTIVE_EVERY_MS = 4_000;

export function openViewer(
  system: Pick<System, "urls" | "token">,
  userId: string,
  home: number,
  { onStatus, retryMs = () => RETRY_MS, staysHome = false, isIdle = false }: ViewerOptions = {},
): Viewer {
  const openedAt = performance.now();
  const view = createView(openedAt);
  let front = home;
  let attempts = 0;
  let viewedAt: number | undefined;
  let isIn = false;
  let isStale = false;
  let stopped = false;
  let client: BenchClient;

  const open = () => {
    if (stopped) return;
    client = openClient(system, userId, front, {
      onStatus(status) {
        view.takeStatus(status);
        onStatus?.(status);
      },
      onEvent(event, payload) {
        if (event === "presence:snapshot") {
          if (!view.takeSnapshot(payload as PresenceSnapshot)) return;
          viewedAt ??= performance.now(); // a later one renews the view, after an outage
          attempts = 0;
        } else if (event === "authenticated") isIn = true;
        else if (event === "presence:stale") isStale = true;
        else if (event === "presence:fresh") isStale = false;
      },
      onClose() {
        viewedAt = undefined;
        isIn = false;
        isStale = false;
        if (!staysHome) front++;
        setTimeout(open, retryMs(attempts++));
      },
    });
  };
  open();
  // Asked as a request: peers acknowledge it in any case.
  const act = () => void client.raw.request("activity").catch(() => {});
  const acts = isIdle ? undefined : setInterval(act, ACTIVE_EVERY_MS);
  return {
    sees: view.sees,
    isIn: () => isIn,
    isServed: () => viewedAt !== undefined && !isStale,
    viewedAt: () => viewedAt,
    departures: view.departures,
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
