import { setTimeout as pause } from "node:timers/promises";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import { openClient } from "../../fleet/clients.ts";
import type { Viewer } from "../../fleet/viewers.ts";
import type { Sample } from "../../scenario.ts";
import type { System } from "../../systems/system.ts";

/** Who looks at the people of one system. */
export interface Watch {
  system: System;
  /** the front that is not killed, where there is another */
  front: number;
  viewers: readonly Viewer[];
  /** who connects anew for each look at a fresh view; undefined where the system sends none */
  newcomer: string | undefined;
}

interface Truth {
  userIds: readonly string[];
  isOnline: boolean;
  since: number;
  withinMs: number;
  /** goes on for so long even if all is right, since it may turn wrong */
  atLeastMs?: number;
}

const EVERY_MS = 500;
const VIEW_WITHIN_MS = 2_000;

/** Looks until viewers and fresh views show these people as they are, at most `withinMs`; what is wrong then, counts. */
export async function observe(
  { system, front, viewers, newcomer }: Watch,
  { userIds, isOnline, since, withinMs, atLeastMs = 0 }: Truth,
): Promise<Sample["figures"]> {
  const isWrong = (userId: string) => viewers.some((viewer) => viewer.sees(userId).isOnline !== isOnline);
  let freshRightAt: number | undefined;
  for (;;) {
    const lookedAt = performance.now();
    const online = newcomer === undefined ? undefined : await freshView(system, newcomer, front);
    const wrongInFresh = userIds.filter((userId) => online?.has(userId) !== isOnline).length;
    freshRightAt = wrongInFresh === 0 ? (freshRightAt ?? lookedAt) : undefined;
    const wrongAtViewers = userIds.filter(isWrong).length;
    const isRight = wrongAtViewers === 0 && (newcomer === undefined || wrongInFresh === 0);
    const passedMs = performance.now() - since;
    if ((isRight && passedMs >= atLeastMs) || passedMs >= withinMs) {
      return {
        people: userIds.length,
        ...(isOnline && { "false departures": userIds.filter((id) => hasDeparted(viewers, id)).length }),
        ...(wrongAtViewers === 0 && {
          "viewers right after s": inSeconds(rightAfter(viewers, userIds, since)),
        }),
        "viewers wrong at the end": wrongAtViewers,
        ...(freshRightAt !== undefined && { "fresh view right after s": inSeconds(freshRightAt - since) }),
        ...(newcomer !== undefined && { "fresh view wrong at the end": wrongInFresh }),
      };
    }
    await pause(EVERY_MS);
  }
}

/** In hundredths: looks are further apart. */
const inSeconds = (ms: number): number => Math.round(ms / 10) / 100;

const hasDeparted = (viewers: readonly Viewer[], userId: string): boolean =>
  viewers.some((viewer) => viewer.departures((about) => about === userId) > 0);

/** ms until the last of the viewers saw the last of them as now. */
function rightAfter(viewers: readonly Viewer[], userIds: readonly string[], since: number): number {
  const seen = viewers.flatMap((viewer) => userIds.map((userId) => viewer.sees(userId).since));
  return Math.max(0, Math.max(...seen) - since);
}

/** Who is online in the view of a client that connects now; undefined when none comes in time. */
export function freshView(
  system: System,
  userId: string,
  front: number,
): Promise<ReadonlySet<string> | undefined> {
  const { promise, resolve } = Promise.withResolvers<ReadonlySet<string> | undefined>();
  const client = openClient(system, userId, front, {
    onEvent(event, payload) {
      if (event !== "presence:snapshot") return;
      const { users, partial } = payload as PresenceSnapshot;
      if (!partial) resolve(new Set(users.flatMap((user) => (user.isOnline ? [user.userId] : []))));
    },
    onClose: () => resolve(undefined),
  });
  const late = setTimeout(() => resolve(undefined), VIEW_WITHIN_MS);
  return promise.finally(() => {
    clearTimeout(late);
    client.raw.leave();
  });
}
