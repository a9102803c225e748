import { setImmediate as nextTurn } from "node:timers/promises";
import type { Occupancy } from "@meeshy/shared/socket-events";
import { toUserStatus } from "../core/merge-status.ts";
import { occupancyDueIn, type SentCounts } from "../core/occupancy-pace.ts";
import { visibleStatus } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/** How many of a large room's members are online, kept up to date one change at a time. */
export interface RoomOccupancy {
  now(): Occupancy;
  /** The counts that the room received last; sockets that enter receive the same, so that the next change is one for all. */
  lastSent(): Occupancy;
  /** The person's status, memberships or preferences changed. */
  review(userId: string): void;
  setTotal(total: number): void;
  /** Counts everyone; resolves with whether everyone could be judged. */
  recount(): Promise<boolean>;
  stop(): void;
}

export interface OccupancyDeps {
  directory: CachedDirectory;
  feed: StatusFeed;
  /** sends the counts to the sockets in the room */
  send: (occupancy: Occupancy) => void;
}

/** People judged in one turn of the event loop, and asked for in one query. */
const PORTION = 500;

/** Whether others are to see that the person is online: hidden and invisible people count as offline for all. */
export function isSeenOnline({ directory, feed }: Omit<OccupancyDeps, "send">, userId: string): boolean {
  const user = directory.users.peek(userId);
  const message = feed.get(userId);
  if (!user || !message) return false;
  return visibleStatus("sharer", user, toUserStatus(message))?.isOnline === true;
}

export function createRoomOccupancy(
  conversationId: string,
  initialTotal: number,
  deps: OccupancyDeps,
): RoomOccupancy {
  const { directory, feed, send } = deps;
  const online = new Set<string>();
  let total = initialTotal;
  let sent: SentCounts | undefined;
  let timer: NodeJS.Timeout | undefined;

  const now = (): Occupancy => ({ conversationId, online: online.size, total });

  const schedule = () => {
    if (timer || !sent) return;
    const dueIn = occupancyDueIn(now(), sent, performance.now());
    if (dueIn === undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (sent && occupancyDueIn(now(), sent, performance.now()) === undefined) return;
      sent = { ...now(), at: performance.now() };
      send(now());
    }, Math.ceil(dueIn));
  };

  /** Whether the person could be judged. */
  const judge = (userId: string): boolean => {
    const isPresent = feed.onlineIn(conversationId).has(userId);
    if (isPresent && isSeenOnline(deps, userId)) online.add(userId);
    else online.delete(userId);
    return !isPresent || directory.users.peek(userId) !== undefined;
  };

  return {
    now,
    lastSent: () => ({ conversationId, online: sent?.online ?? 0, total: sent?.total ?? total }),
    review(userId) {
      if (!online.has(userId) && !feed.onlineIn(conversationId).has(userId)) return;
      const isJudged = judge(userId);
      schedule();
      if (isJudged) return;
      directory.users.get(userId).then(
        (user) => {
          if (user) judge(userId);
          schedule();
        },
        () => {}, // counted when the directory can be read again
      );
    },
    setTotal(count) {
      total = count;
      schedule();
    },
    async recount() {
      let isComplete = true;
      const everyone = [...new Set([...online, ...feed.onlineIn(conversationId)])];
      for (let at = 0; at < everyone.length; at += PORTION) {
        const portion = everyone.slice(at, at + PORTION);
        await directory.users.getMany(portion).catch(() => {
          isComplete = false;
        });
        for (const userId of portion) judge(userId);
        await nextTurn();
      }
      sent ??= { ...now(), at: Number.NEGATIVE_INFINITY };
      schedule();
      return isComplete;
    },
    stop: () => clearTimeout(timer),
  };
}
