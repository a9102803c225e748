import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Occupancy } from "@meeshy/shared/socket-events";
import { conversationRoom } from "../connections/room-names.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import { createLoader } from "../directory/loader.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import { createRoomOccupancy, isSeenOnline, type RoomOccupancy } from "./occupancy.ts";

/** The conversations with sockets here that have so many members that they receive counts, not people (CONTRACT 4). */
export interface LargeRooms {
  isLarge(conversationId: string): boolean;
  /** Resolves when it is known which of these are large, and how many are there, or that this cannot be known now. */
  learn(conversationIds: readonly string[]): Promise<void>;
  /** The counts last sent to those of them that are large. */
  of(conversationIds: readonly string[]): Occupancy[];
  /**
   * How many members any conversation has, and how many of them are online for all viewers alike; null: it is not large,
   * and each viewer counts those whom they see.
   * @throws {PresenceError} `unavailable`
   */
  count(conversationId: string): Promise<{ online: number | null; total: number }>;
  /** The person's status, memberships or preferences changed. */
  review(userId: string): void;
  /** Counts everyone in all of them again. */
  recount(): void;
  /** Calls back with conversations that have become large, or ceased to be. */
  onResize(listener: (conversationId: string) => void): void;
  stop(): void;
}

export interface LargeRoomsDeps {
  io: PresenceServer;
  outlet: Outlet;
  directory: CachedDirectory;
  feed: StatusFeed;
  logger: Logger;
}

interface LargeRoom {
  occupancy: RoomOccupancy;
  counted: Promise<void>;
  isComplete: boolean;
}

const LOOK_EVERY_MS = 5_000;
/** Everyone in a large conversation is looked at for its count: not more often than this. */
const COUNT_TTL_MS = 1_000;
const MAX_ELSEWHERE = 10_000;
const ROOM_PREFIX = conversationRoom("");

export function createLargeRooms(deps: LargeRoomsDeps, { largerThan }: { largerThan: number }): LargeRooms {
  const { io, outlet, directory, feed, logger } = deps;
  const { rooms } = io.sockets.adapter;
  const large = new Map<string, LargeRoom>();
  const listeners: ((conversationId: string) => void)[] = [];

  const recount = async (room: LargeRoom) => {
    room.isComplete = await room.occupancy.recount();
  };

  const enter = (conversationId: string, total: number) => {
    const occupancy = createRoomOccupancy(conversationId, total, {
      directory,
      feed,
      send: (counts) => outlet.occupancy([...(rooms.get(conversationRoom(conversationId)) ?? [])], counts),
    });
    const room: LargeRoom = { occupancy, counted: Promise.resolve(), isComplete: false };
    room.counted = recount(room);
    large.set(conversationId, room);
    return room;
  };

  const leave = (conversationId: string) => {
    large.get(conversationId)?.occupancy.stop();
    large.delete(conversationId);
  };

  const learn = async (conversationIds: readonly string[]) => {
    await feed.loaded;
    const counts = await directory.memberCounts.getMany(conversationIds);
    for (const [id, { total }] of counts) if (total > largerThan && !large.has(id)) enter(id, total);
    await Promise.all(conversationIds.map((id) => large.get(id)?.counted));
  };

  /** Rooms grow and shrink, and empty on this gateway; who could not be judged is judged later. */
  const look = async () => {
    const here = [...rooms.keys()].flatMap((room) =>
      room.startsWith(ROOM_PREFIX) ? [room.slice(ROOM_PREFIX.length)] : [],
    );
    const counts = await directory.memberCounts.getMany(here);
    for (const id of large.keys()) if (!rooms.has(conversationRoom(id))) leave(id);
    for (const id of here) {
      const total = counts.get(id)?.total ?? 0;
      const room = large.get(id);
      if (total > largerThan !== (room !== undefined)) {
        if (room) leave(id);
        else await enter(id, total).counted;
        for (const listener of listeners) listener(id);
      } else if (room) {
        room.occupancy.setTotal(total);
        if (!room.isComplete) await recount(room);
      }
    }
  };

  /** how many are online in large conversations without a socket here */
  const onlineElsewhere = createLoader({
    max: MAX_ELSEWHERE,
    ttlMs: COUNT_TTL_MS,
    load: async (conversationId) => {
      const present = [...feed.onlineIn(conversationId)];
      await directory.users.getMany(present);
      return { online: present.filter((userId) => isSeenOnline(deps, userId)).length };
    },
  });

  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking || !feed.isLoaded()) return;
    isLooking = true;
    look()
      .catch((error) => logger.debug({ err: error }, "cannot look at the sizes of rooms"))
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY_MS);

  return {
    isLarge: (conversationId) => large.has(conversationId),
    learn: (conversationIds) =>
      learn(conversationIds).catch((error) => logger.warn({ err: error }, "sizes of rooms cannot be read")),
    of: (conversationIds) => conversationIds.flatMap((id) => large.get(id)?.occupancy.lastSent() ?? []),
    async count(conversationId) {
      const known = large.get(conversationId);
      if (known) return known.occupancy.now();
      const total = (await directory.memberCounts.get(conversationId))?.total ?? 0;
      if (total <= largerThan) return { online: null, total };
      return { online: (await onlineElsewhere.get(conversationId))?.online ?? 0, total };
    },
    review(userId) {
      for (const { occupancy } of large.values()) occupancy.review(userId);
    },
    recount() {
      for (const room of large.values()) void recount(room);
    },
    onResize: (listener) => void listeners.push(listener),
    stop() {
      clearInterval(timer);
      for (const id of large.keys()) leave(id);
    },
  };
}
