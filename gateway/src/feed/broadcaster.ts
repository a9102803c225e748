import type { DirectoryUser } from "@meeshy/shared/directory";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage, UserStatus } from "@meeshy/shared/status";
import { findAudience } from "../core/audience.ts";
import { toUserStatus } from "../core/merge-status.ts";
import { tellStatus } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Told } from "../people/told.ts";
import type { LargeRooms } from "../rooms/large-rooms.ts";
import type { Outlet } from "../rooms/outlet.ts";
import type { Connections } from "../sockets/connections.ts";
import { conversationRoom, ROOM_ADMINS, userRoom, watchRoom } from "../sockets/rooms.ts";
import type { PresenceServer } from "../sockets/socket-server.ts";

export interface BroadcasterDeps {
  clock: Clock;
  io: PresenceServer;
  outlet: Outlet;
  largeRooms: LargeRooms;
  directory: CachedDirectory;
  connections: Connections;
  told: Told;
  metrics: GatewayMetrics;
  logger: Logger;
}

const RETRY_MS = 200;
const nobodyIsBlocked = () => false;

/**
 * Tells this gateway's viewers of a change: everyone in rooms that are not large, and whoever watches the
 * person, once per socket; never the user's own sockets. Nobody is told anything of a person whose preferences
 * are not known: where the directory has to be asked first, the last change is told once it has answered.
 */
export function createBroadcaster(deps: BroadcasterDeps) {
  const { clock, io, outlet, largeRooms, directory, connections, told, metrics, logger } = deps;
  /** the last change of a user that waits for the directory; an earlier one says nothing any more */
  const waiting = new Map<string, StatusMessage>();

  const { rooms } = io.sockets.adapter;
  const smallOf = (conversationIds: string[]) => conversationIds.filter((id) => !largeRooms.isLarge(id));
  const hasViewers = ({ userId, conversationIds }: StatusMessage) =>
    rooms.has(watchRoom(userId)) || smallOf(conversationIds).some((id) => rooms.has(conversationRoom(id)));

  /**
   * Blocks hold in both directions, so those of a viewer here, who were read when they connected, tell as much
   * as those of the person: the directory may be away.
   */
  const blockTest = (userId: string) => {
    const blocks = directory.blocks.peek(userId);
    if (blocks?.size === 0) return nobodyIsBlocked;
    return (socketId: string): boolean => {
      const viewer = connections.ofSocket(socketId)?.userId;
      if (viewer === undefined) return true;
      return blocks?.has(viewer) ?? directory.blocks.peek(viewer)?.has(userId) ?? true;
    };
  };

  const broadcast = (message: StatusMessage): void => {
    if (!hasViewers(message)) return;
    const { userId } = message;
    const user = directory.users.peek(userId);
    if (user && !waiting.has(userId)) {
      emit(message, user);
      return;
    }
    const isAsking = waiting.has(userId);
    waiting.set(userId, message);
    if (!isAsking) void emitWaiting(userId);
  };

  const emitWaiting = async (userId: string) => {
    for (let attempt = 1; ; attempt++) {
      try {
        directory.meet(userId);
        // The blocks too: of somebody whose changes are being read, a viewer's own may be older.
        const [user] = await Promise.all([directory.users.get(userId), directory.blocks.get(userId)]);
        const message = waiting.get(userId);
        waiting.delete(userId);
        if (user && message) emit(message, user);
        return;
      } catch (error) {
        if (attempt === 1)
          logger.warn({ userId, err: error }, "status not told yet: the directory cannot be read");
        await clock.sleep(RETRY_MS);
      }
    }
  };

  const emit = (message: StatusMessage, user: DirectoryUser) => {
    const { userId, conversationIds } = message;
    const status = toUserStatus(message);
    const { sharers, admins } = findAudience(rooms, {
      told: smallOf(conversationIds).map(conversationRoom),
      shared: conversationIds.map(conversationRoom),
      watchers: watchRoom(userId),
      own: userRoom(userId),
      isBlocked: blockTest(userId),
      admins: ROOM_ADMINS,
    });
    const toSharers = tellStatus("sharer", user, status);
    const hearers = toSharers ? sharers : [];
    if (hearers.length + admins.length === 0) return;
    note(status);
    if (toSharers && hearers.length > 0) {
      told.note(user);
      outlet.tell(hearers, toSharers, () => noteLatency(status));
    }
    const toAdmins = tellStatus("admin", user, status);
    if (!toAdmins || admins.length === 0) return;
    outlet.tell(admins, toAdmins, () => {
      if (hearers.length === 0) noteLatency(status);
    });
  };

  const noteLatency = ({ at }: UserStatus) => {
    if (at !== null) metrics.broadcastLatency.observe(Math.max(0, clock.wall() - Date.parse(at)) / 1_000);
  };
  const note = ({ userId, isOnline, cause, version }: UserStatus) => {
    metrics.broadcasts.inc();
    logger.info({ userId, isOnline, cause, version }, "Broadcast USER_STATUS");
  };

  return { broadcast };
}
