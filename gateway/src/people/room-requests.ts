import { PresenceError } from "@meeshy/shared/codes";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Connection } from "../sockets/connections.ts";
import type { DirectoryChanges } from "./directory-changes.ts";
import type { Memberships } from "./memberships.ts";

/** `conversation:join` and `conversation:leave` of one socket (CONTRACT 4): for members; others get `not_found`. */
export interface RoomRequests {
  join(connection: Connection, conversationId: string): Promise<void>;
  leave(connection: Connection, conversationId: string): Promise<void>;
}

export interface RoomRequestDeps {
  directory: CachedDirectory;
  feed: Pick<StatusFeed, "get">;
  memberships: Memberships;
  changes: DirectoryChanges;
}

/** Age, in ms, up to which the person's memberships may come from the cache. */
const MEMBERSHIP_MAX_AGE_MS = 2_000;

export function createRoomRequests({ directory, feed, memberships, changes }: RoomRequestDeps): RoomRequests {
  const requireMember = async (userId: string, conversationId: string) => {
    const own = (await directory.conversations.get(userId, MEMBERSHIP_MAX_AGE_MS)) ?? [];
    if (!own.some(({ id }) => id === conversationId))
      throw new PresenceError("not_found", "There is no such conversation.");
  };

  return {
    async join(connection, conversationId) {
      const { userId } = connection;
      await requireMember(userId, conversationId);
      await memberships.join(connection, conversationId);
      // A membership that nobody has announced: the others do not see this person there yet.
      const known = feed.get(userId);
      if (known && !known.conversationIds.includes(conversationId)) await changes.announce(userId);
    },
    async leave(connection, conversationId) {
      await requireMember(connection.userId, conversationId);
      await memberships.leave(connection, conversationId);
    },
  };
}
