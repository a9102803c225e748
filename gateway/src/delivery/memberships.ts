import type { DirectoryUser } from "@meeshy/shared/directory";
import { personOf } from "@meeshy/shared/person-profile";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { ClientConnection } from "../connections/connections.ts";
import { conversationRoom } from "../connections/room-names.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { LargeRooms } from "./large-rooms.ts";
import { type LiveViewer, liveViewer } from "./live-viewer.ts";
import type { Snapshots } from "./snapshots.ts";

/** Keeps a socket in the rooms of its person's conversations, but for those that it has left, and sends it what that changes. */
export interface Memberships {
  /** The directory says anew who the person is, whom they are blocked with and where they belong. */
  take(connection: ClientConnection, person: PersonNow): void;
  /** Puts the socket back into a conversation of its person. */
  join(connection: ClientConnection, conversationId: string): Promise<void>;
  /** Takes the socket out of a conversation; its person stays a member. */
  leave(connection: ClientConnection, conversationId: string): Promise<void>;
}

interface PersonNow {
  user: DirectoryUser;
  blocked: ReadonlySet<string>;
  conversationIds: readonly string[];
}

interface Move {
  entered: string[];
  left: string[];
}

export interface MembershipDeps {
  feed: StatusFeed;
  largeRooms: LargeRooms;
  snapshots: Snapshots;
  logger: Logger;
}

export function createMemberships({ feed, largeRooms, snapshots, logger }: MembershipDeps): Memberships {
  /** Moves the socket into the rooms of these conversations alone. */
  const move = (connection: ClientConnection, conversationIds: readonly string[]): Move => {
    const before = new Set(connection.conversationIds);
    const after = new Set(conversationIds);
    const [entered, left] = [[...after.difference(before)], [...before.difference(after)]];
    for (const id of left) void connection.socket.leave(conversationRoom(id));
    void connection.socket.join(entered.map(conversationRoom));
    connection.conversationIds = conversationIds;
    return { entered, left };
  };

  const sendChange = async (
    connection: ClientConnection,
    before: LiveViewer,
    { entered, left }: Move,
    people: Iterable<string>,
  ) => {
    if (!connection.isReady) return;
    if (entered.length > 0) await largeRooms.learn(entered);
    const concerned = new Set(people);
    for (const id of [...entered, ...left]) {
      if (largeRooms.isLarge(id)) continue;
      for (const userId of feed.onlineIn(id)) concerned.add(userId);
      for (const userId of feed.absentWithTextIn(id)) concerned.add(userId);
    }
    await snapshots.sendPartial(connection, before, concerned, entered);
  };

  return {
    take(connection, { user, blocked, conversationIds }) {
      const before = liveViewer(connection, largeRooms);
      for (const id of connection.left) if (!conversationIds.includes(id)) connection.left.delete(id);
      const moved = move(
        connection,
        conversationIds.filter((id) => !connection.left.has(id)),
      );
      connection.identity = { ...connection.identity, user };
      connection.blocked = blocked;
      connection.profile = { ...connection.profile, ...personOf(user, conversationIds) };
      connection.directoryVersion = feed.shown(connection.userId)?.directoryVersion ?? 0;
      sendChange(connection, before, moved, before.blocked.symmetricDifference(blocked)).catch((error) =>
        logger.error({ err: error }, "visibility update not delivered"),
      );
    },
    join(connection, conversationId) {
      const before = liveViewer(connection, largeRooms);
      connection.left.delete(conversationId);
      if (connection.conversationIds.includes(conversationId)) return Promise.resolve();
      return sendChange(
        connection,
        before,
        move(connection, [...connection.conversationIds, conversationId]),
        [],
      );
    },
    leave(connection, conversationId) {
      const before = liveViewer(connection, largeRooms);
      connection.left.add(conversationId);
      const stays = connection.conversationIds.filter((id) => id !== conversationId);
      return sendChange(connection, before, move(connection, stays), []);
    },
  };
}
