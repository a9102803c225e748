import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { toUserStatus } from "../core/merge-status.ts";
import { isSameView, liveRelationTo, readStatus, tellStatus, type Viewer } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Told } from "../people/told.ts";
import type { Connection } from "./connections.ts";

export interface Snapshots {
  /** Sends the connection its whole view. */
  send(connection: Connection): Promise<void>;
  /**
   * Sends how the named people read now, those of them who read otherwise than they did to the viewer that
   * this connection's person was `before`.
   */
  sendPartial(connection: Connection, before: Viewer, userIds: ReadonlySet<string>): Promise<void>;
}

export interface SnapshotDeps {
  directory: CachedDirectory;
  feed: StatusFeed;
  told: Told;
  logger: Logger;
}

/** Rounds of asking the directory for people who came online while it was asked. */
const ROUNDS = 5;

/** The person behind a connection, as the viewer that the connection makes of them. */
export const viewerOf = ({ userId, identity, conversationIds, blocked }: Connection): Viewer => ({
  id: userId,
  isAdmin: identity.isAdmin,
  conversationIds: new Set(conversationIds),
  blocked,
});

export function createSnapshots({ directory, feed, told, logger }: SnapshotDeps): Snapshots {
  const present = ({ userId, conversationIds }: Connection): Set<string> => {
    const ids = new Set(conversationIds.flatMap((id) => [...feed.onlineIn(id)]));
    ids.delete(userId);
    return ids;
  };

  const relationTo = (viewer: Viewer, userId: string, conversationIds: readonly string[]) =>
    liveRelationTo(
      viewer,
      userId,
      conversationIds.some((id) => viewer.conversationIds.has(id)),
    );

  /** Without a pause between reading the view and sending it, so that no change falls in between. */
  const assemble = (viewer: Viewer, ids: ReadonlySet<string>): PresenceSnapshot => {
    const users: UserStatus[] = [];
    for (const id of ids) {
      const user = directory.users.peek(id);
      const message = feed.get(id);
      if (!user || !message) continue;
      const status = tellStatus(relationTo(viewer, id, message.conversationIds), user, toUserStatus(message));
      if (!status) continue;
      told.note(user);
      users.push(status);
    }
    return { users, occupancy: [] };
  };

  const assemblePartial = (viewer: Viewer, before: Viewer, ids: ReadonlySet<string>): UserStatus[] => {
    const users: UserStatus[] = [];
    for (const id of ids) {
      const user = directory.users.peek(id);
      const message = feed.get(id);
      if (!message || id === viewer.id) continue;
      const status = toUserStatus(message);
      const former = readStatus(relationTo(before, id, message.conversationIds), id, told.of(id), status);
      const now = readStatus(relationTo(viewer, id, message.conversationIds), id, user, status);
      if (isSameView(former, now)) continue;
      if (user && now.version > 0) told.note(user);
      users.push(now);
    }
    return users;
  };

  const readUnknown = async (userId: string, ids: ReadonlySet<string>): Promise<boolean> => {
    const unknown = [...ids].filter((id) => !directory.users.peek(id));
    if (unknown.length === 0) return false;
    try {
      await directory.users.getMany(unknown);
      return true;
    } catch (error) {
      logger.warn(
        { userId, unknown: unknown.length, err: error },
        "snapshot without people who cannot be read",
      );
      return false;
    }
  };

  return {
    async send(connection) {
      const { userId, socket } = connection;
      // An answer that was under way when the blocks changed is not what the cache keeps.
      while (!directory.blocks.peek(userId)) await directory.blocks.get(userId);
      for (let round = 0; round < ROUNDS; round++) {
        if (!(await readUnknown(userId, present(connection)))) break;
      }
      if (!socket.connected) return;
      connection.blocked = directory.blocks.peek(userId) ?? connection.blocked;
      socket.emit("presence:snapshot", assemble(viewerOf(connection), present(connection)));
    },

    async sendPartial(connection, before, userIds) {
      await readUnknown(connection.userId, userIds);
      const users = assemblePartial(viewerOf(connection), before, userIds);
      if (users.length === 0 || !connection.socket.connected) return;
      connection.socket.emit("presence:snapshot", { users, occupancy: [], partial: true });
    },
  };
}
