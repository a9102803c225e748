import { PresenceError } from "@meeshy/shared/codes";
import type { ClientConnection } from "../connections/connections.ts";
import type { LargeRooms } from "../delivery/large-rooms.ts";
import type { Memberships } from "../delivery/memberships.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
import type { DirectoryChanges } from "./directory-changes.ts";

/** `conversation:join` and `conversation:leave` of one socket (CONTRACT 4): for members; others get `not_found`. */
export interface RoomRequests {
  join(connection: ClientConnection, conversationId: string): Promise<void>;
  leave(connection: ClientConnection, conversationId: string): Promise<void>;
}

export interface RoomRequestDeps {
  directory: CachedDirectory;
  feed: Pick<StatusFeed, "get" | "onlineIn">;
  largeRooms: Pick<LargeRooms, "learn" | "isLarge">;
  limits: Pick<Limits, "entriesOf">;
  memberships: Memberships;
  changes: DirectoryChanges;
}

export function createRoomRequests(deps: RoomRequestDeps): RoomRequests {
  const { directory, feed, largeRooms, limits, memberships, changes } = deps;
  const requireMember = async (userId: string, conversationId: string) => {
    const [users, conversations] = await Promise.all([
      directory.users.getFresh([userId], 0),
      directory.conversations.getFresh([userId], 0),
    ]);
    const isMember = conversations.get(userId)?.some(({ id }) => id === conversationId);
    if (!isMember || !users.get(userId)?.isActive)
      throw new PresenceError("not_found", "There is no such conversation.");
  };

  /** Who comes back into a conversation that is not large receives the people in it. */
  const charge = async ({ userId, conversationIds }: ClientConnection, conversationId: string) => {
    if (conversationIds.includes(conversationId)) return;
    await largeRooms.learn([conversationId]);
    if (!largeRooms.isLarge(conversationId)) limits.entriesOf(userId, feed.onlineIn(conversationId).size);
  };

  return {
    async join(connection, conversationId) {
      const { userId } = connection;
      await requireMember(userId, conversationId);
      await charge(connection, conversationId);
      await memberships.join(connection, conversationId);
      // A membership that was not announced: the others do not see this person there yet.
      const known = feed.get(userId);
      if (known && !known.conversationIds.includes(conversationId)) await changes.announce(userId);
    },
    async leave(connection, conversationId) {
      await requireMember(connection.userId, conversationId);
      await memberships.leave(connection, conversationId);
    },
  };
}
