import type { DirectoryUser } from "@meeshy/shared/directory";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage, UserStatus } from "@meeshy/shared/status";
import { toUserStatus } from "../core/merge-status.ts";
import { tellStatus } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { adminRoom, conversationRoom, ROOM_ADMINS, userRoom } from "../sockets/rooms.ts";
import type { PresenceServer } from "../sockets/socket-server.ts";

export interface BroadcasterDeps {
  io: PresenceServer;
  directory: CachedDirectory;
  metrics: GatewayMetrics;
  logger: Logger;
}

const RETRY_MS = 1_000;

/**
 * Tells this gateway's viewers of a change: one emit for the union of the rooms, so once per socket; never
 * to the user's own sockets. A user's changes are told in order, also when the directory has to be asked
 * first; nobody is told anything of a person whose preferences cannot be read.
 */
export function createBroadcaster({ io, directory, metrics, logger }: BroadcasterDeps) {
  /** changes that wait for the directory, by user */
  const waiting = new Map<string, StatusMessage[]>();

  const hasViewers = (room: string) => io.sockets.adapter.rooms.has(room);

  const broadcast = (message: StatusMessage): void => {
    if (!message.conversationIds.some((id) => hasViewers(conversationRoom(id)))) return;
    const { userId } = message;
    const queue = waiting.get(userId);
    if (queue) {
      queue.push(message);
      return;
    }
    const user = directory.users.peek(userId);
    const blocked = directory.blocks.peek(userId);
    if (user && blocked) {
      emit(message, user, blocked);
      return;
    }
    waiting.set(userId, [message]);
    void emitWaiting(userId);
  };

  const emitWaiting = async (userId: string) => {
    for (;;) {
      try {
        const [user, blocked] = await Promise.all([
          directory.users.get(userId),
          directory.blocks.get(userId),
        ]);
        const messages = waiting.get(userId) ?? [];
        waiting.delete(userId);
        if (user && blocked) for (const message of messages) emit(message, user, blocked);
        return;
      } catch (error) {
        logger.warn({ userId, err: error }, "status not told yet: the directory cannot be read");
        waiting.set(userId, (waiting.get(userId) ?? []).slice(-1));
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
