import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { toUserStatus } from "../core/merge-status.ts";
import { relationTo, tellStatus, type Viewer } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { LargeRooms } from "../rooms/large-rooms.ts";
import type { Outlet } from "../rooms/outlet.ts";
import { watchedBy } from "../rooms/watching.ts";
import type { Connection } from "./connections.ts";

export interface Snapshots {
  /** Sends the connection its whole view. */
  send(connection: Connection): Promise<void>;
}

export interface SnapshotDeps {
  directory: CachedDirectory;
  feed: StatusFeed;
  outlet: Outlet;
  largeRooms: LargeRooms;
  logger: Logger;
}

/** Rounds of asking the directory for people who came online while it was asked. */
const ROUNDS = 5;

export function createSnapshots(deps: SnapshotDeps): Snapshots {
  const { directory, feed, outlet, largeRooms, logger } = deps;
  const present = ({ userId, conversationIds, socket }: Connection): Set<string> => {
    const small = conversationIds.filter((id) => !largeRooms.isLarge(id));
    const ids = new Set(small.flatMap((id) => [...feed.onlineIn(id)]));
    for (const id of watchedBy(socket)) if (feed.shown(id)?.isOnline) ids.add(id);
    ids.delete(userId);
    return ids;
  };

  /** Without a pause between reading the view and sending it, so that no change falls in between. */
  const assemble = (viewer: Viewer, ids: ReadonlySet<string>): PresenceSnapshot => {
    const users: UserStatus[] = [];
    for (const id of ids) {
      const user = directory.users.peek(id);
      const message = feed.get(id);
      if (!user || !message) continue;
      const told = tellStatus(relationTo(viewer, id, message.conversationIds), user, toUserStatus(message));
      if (told) users.push(told);
    }
    return { users, occupancy: largeRooms.of([...viewer.conversationIds]) };
  };

  return {
    async send(connection) {
      const { userId, identity, conversationIds, socket } = connection;
      const blocked =
        directory.blocks.peek(userId) ?? (await directory.blocks.get(userId)) ?? new Set<string>();
      const viewer = {
        id: userId,
        isAdmin: identity.isAdmin,
        conversationIds: new Set(conversationIds),
        blocked,
      };
      let ids = present(connection);
      for (let round = 0; round < ROUNDS; round++) {
        const unknown = [...ids].filter((id) => !directory.users.peek(id));
        if (unknown.length === 0) break;
        try {
          await directory.users.getMany(unknown);
        } catch (error) {
          logger.warn(
            { userId, unknown: unknown.length, err: error },
            "snapshot without people who cannot be read",
          );
          break;
        }
        ids = present(connection);
      }
      if (socket.connected) outlet.snapshot(socket.id, assemble(viewer, present(connection)));
    },
  };
}
