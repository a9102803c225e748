import type { DirectoryUser } from "@meeshy/shared/directory";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Viewer } from "../core/visibility.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Connection } from "../sockets/connections.ts";
import { adminRoom, conversationRoom } from "../sockets/rooms.ts";
import { type Snapshots, viewerOf } from "../sockets/snapshots.ts";

/** Keeps a socket in the rooms of its person's conversations, but for those that it has left, and tells it what that changes. */
export interface Memberships {
  /** The directory says anew who the person is, whom they are blocked with and where they belong. */
  take(connection: Connection, person: PersonNow): void;
  /** Puts the socket back into a conversation of its person. */
  join(connection: Connection, conversationId: string): Promise<void>;
  /** Takes the socket out of a conversation; its person stays a member. */
  leave(connection: Connection, conversationId: string): Promise<void>;
}

export interface PersonNow {
  user: DirectoryUser;
  blocked: ReadonlySet<string>;
  conversationIds: readonly string[];
}

export interface MembershipDeps {
  feed: StatusFeed;
  snapshots: Snapshots;
  logger: Logger;
}

export function createMemberships({ feed, snapshots, logger }: MembershipDeps): Memberships {
  const roomsOf = ({ identity }: Connection, id: string): string[] =>
    identity.isAdmin ? [conversationRoom(id), adminRoom(id)] : [conversationRoom(id)];

  /** Moves the socket into the rooms of these conversations alone; gives those that it entered or left. */
  const move = (connection: Connection, conversationIds: readonly string[]): Set<string> => {
    const before = new Set(connection.conversationIds);
    const after = new Set(conversationIds);
    for (const id of before.difference(after))
      for (const room of roomsOf(connection, id)) void connection.socket.leave(room);
    void connection.socket.join([...after.difference(before)].flatMap((id) => roomsOf(connection, id)));
    connection.conversationIds = conversationIds;
    return before.symmetricDifference(after);
  };

  const tell = async (
    connection: Connection,
    before: Viewer,
    moved: Iterable<string>,
    people: Iterable<string>,
  ) => {
    if (!connection.isWelcomed) return;
    const concerned = new Set(people);
    for (const id of moved) for (const userId of feed.onlineIn(id)) concerned.add(userId);
    if (concerned.size > 0) await snapshots.sendPartial(connection, before, concerned);
  };

  return {
    take(connection, { user, blocked, conversationIds }) {
      const before = viewerOf(connection);
      for (const id of connection.left) if (!conversationIds.includes(id)) connection.left.delete(id);
      const moved = move(
        connection,
        conversationIds.filter((id) => !connection.left.has(id)),
      );
      connection.identity = { ...connection.identity, user };
      connection.blocked = blocked;
      const { username, isAnonymous } = user;
      connection.profile = {
        ...connection.profile,
        username,
        isAnonymous,
        conversationIds: [...conversationIds],
      };
      connection.directoryVersion = feed.shown(connection.userId)?.directoryVersion ?? 0;
      tell(connection, before, moved, before.blocked.symmetricDifference(blocked)).catch((error) =>
        logger.error({ err: error }, "change of the view not told"),
      );
    },
    join(connection, conversationId) {
      const before = viewerOf(connection);
      connection.left.delete(conversationId);
      if (connection.conversationIds.includes(conversationId)) return Promise.resolve();
      return tell(connection, before, move(connection, [...connection.conversationIds, conversationId]), []);
    },
    leave(connection, conversationId) {
      const before = viewerOf(connection);
      connection.left.add(conversationId);
      const stays = connection.conversationIds.filter((id) => id !== conversationId);
      return tell(connection, before, move(connection, stays), []);
    },
  };
}
