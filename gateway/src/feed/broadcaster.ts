import type { DirectoryUser } from "@meeshy/shared/directory";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage, UserStatus } from "@meeshy/shared/status";
import { toUserStatus } from "../core/merge-status.ts";
import { tellStatus } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Told } from "../people/told.ts";
import type { Connections } from "../sockets/connections.ts";
import { adminRoom, conversationRoom, ROOM_ADMINS, userRoom } from "../sockets/rooms.ts";
import type { PresenceServer } from "../sockets/socket-server.ts";

export interface BroadcasterDeps {
  io: PresenceServer;
  directory: CachedDirectory;
  connections: Connections;
  told: Told;
  metrics: GatewayMetrics;
  logger: Logger;
}

const RETRY_MS = 1_000;

/**
 * Tells this gateway's viewers of a change: one emit for the union of the rooms, so once per socket; never
 * to the user's own sockets. Nobody is told anything of a person whose preferences are not known: where the
 * directory has to be asked first, the last change is told once it has answered.
 */
export function createBroadcaster({ io, directory, connections, told, metrics, logger }: BroadcasterDeps) {
  /** the last change of a user that waits for the directory; an earlier one says nothing any more */
  const waiting = new Map<string, StatusMessage>();

  const hasViewers = (room: string) => io.sockets.adapter.rooms.has(room);

  /**
   * Blocks hold in both directions, so those of the viewers here, who were read when they connected, tell as
   * much as those of the person: the directory may be away.
   */
  const blockedViewers = (userId: string): ReadonlySet<string> => {
    const known = directory.blocks.peek(userId);
    if (known) return known;
    directory.blocks.get(userId).catch(() => {}); // for the next time: looking through the viewers costs more
    const blocks = (viewer: string) => directory.blocks.peek(viewer)?.has(userId) ?? true;
    return new Set(connections.userIds().filter(blocks));
  };

  const broadcast = (message: StatusMessage): void => {
    if (!message.conversationIds.some((id) => hasViewers(conversationRoom(id)))) return;
    const { userId } = message;
    const user = directory.users.peek(userId);
    if (user && !waiting.has(userId)) {
      emit(message, user, blockedViewers(userId));
      return;
    }
    const isAsking = waiting.has(userId);
    waiting.set(userId, message);
    if (!isAsking) void emitWaiting(userId);
  };

  const emitWaiting = async (userId: string) => {
    for (;;) {
      try {
        const [user] = await Promise.all([directory.users.get(userId), directory.blocks.get(userId)]);
        const message = waiting.get(userId);
        waiting.delete(userId);
        if (user && message) emit(message, user, blockedViewers(userId));
        return;
      } catch (error) {
        logger.warn({ userId, err: error }, "status not told yet: the directory cannot be read");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };

  const emit = (message: StatusMessage, user: DirectoryUser, blocked: ReadonlySet<string>) => {
    const { userId, conversationIds } = message;
    const status = toUserStatus(message);
    const toSharers = tellStatus("sharer", user, status);
    const admins = conversationIds.map(adminRoom).filter(hasViewers);
    if (toSharers) {
      told.note(user);
      const hiddenFrom = [userRoom(userId), ...[...blocked].map(userRoom)];
      if (admins.length > 0) hiddenFrom.push(ROOM_ADMINS);
      io.local.to(conversationIds.map(conversationRoom)).except(hiddenFrom).emit("user:status", toSharers);
    }
    if (admins.length > 0) io.local.to(admins).except(userRoom(userId)).emit("user:status", status);
    if (toSharers || admins.length > 0) note(status);
  };

  const note = (status: UserStatus) => {
    const { userId, isOnline, cause, version } = status;
    metrics.broadcasts.inc();
    if (status.at !== null) {
      metrics.broadcastLatency.observe(Math.max(0, Date.now() - Date.parse(status.at)) / 1_000);
    }
    logger.info({ userId, isOnline, cause, version }, "Broadcast USER_STATUS");
  };

  return { broadcast };
}
