import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { toUserStatus } from "../core/merge-status.ts";
import { isSameView, liveRelationTo, readStatus, tellStatus, type Viewer } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Told } from "../people/told.ts";
import type { LargeRooms } from "../rooms/large-rooms.ts";
import type { Outlet } from "../rooms/outlet.ts";
import { watchedBy } from "../rooms/watching.ts";
import type { Connection } from "./connections.ts";

export interface Snapshots {
  /** Sends the connection its whole view. */
  send(connection: Connection): Promise<void>;
  /**
   * Sends how the named people read now, those of them who read otherwise than they did to the viewer that
   * this connection's person was `before`, and the counts of large conversations that it `entered`.
   */
  sendPartial(
    connection: Connection,
    before: LiveViewer,
    userIds: ReadonlySet<string>,
    entered: readonly string[],
  ): Promise<void>;
  /** The person behind a connection, as the viewer that the connection makes of them now. */
  viewerOf(connection: Connection): LiveViewer;
}

/** A viewer with an open socket. */
export interface LiveViewer extends Viewer {
  /** those of the conversations that are not large: their people are followed */
  near: ReadonlySet<string>;
  watched: ReadonlySet<string>;
}

export interface SnapshotDeps {
  clock: Clock;
  directory: CachedDirectory;
  feed: StatusFeed;
  outlet: Outlet;
  largeRooms: LargeRooms;
  told: Told;
  logger: Logger;
}

/** Rounds of asking the directory for people who came online while it was asked. */
const ROUNDS = 5;
const RETRY_MS = 1_000;

export function createSnapshots(deps: SnapshotDeps): Snapshots {
  const { clock, directory, feed, outlet, largeRooms, told, logger } = deps;
  /** those whose view lacks people, and is to be sent again */
  const incomplete = new Set<Connection>();

  const viewerOf = ({ userId, identity, conversationIds, blocked, socket }: Connection): LiveViewer => ({
    id: userId,
    isAdmin: identity.isAdmin,
    conversationIds: new Set(conversationIds),
    near: new Set(conversationIds.filter((id) => !largeRooms.isLarge(id))),
    watched: new Set(watchedBy(socket)),
    blocked,
  });

  const present = ({ id: own, near, watched }: LiveViewer): Set<string> => {
    const ids = new Set([...near].flatMap((id) => [...feed.onlineIn(id)]));
    for (const id of watched) if (feed.shown(id)?.isOnline) ids.add(id);
    ids.delete(own);
    return ids;
  };

  /** Whether the socket is told of the person's changes. */
  const follows = (viewer: LiveViewer, userId: string, conversationIds: readonly string[]) =>
    conversationIds.some((id) => viewer.near.has(id)) ||
    (viewer.watched.has(userId) &&
      (viewer.isAdmin || conversationIds.some((id) => viewer.conversationIds.has(id))));

  const relationTo = (viewer: LiveViewer, userId: string, conversationIds: readonly string[]) =>
    liveRelationTo(viewer, userId, follows(viewer, userId, conversationIds));

  /** Without a pause between reading the view and sending it, so that no change falls in between. */
  const assemble = (viewer: LiveViewer, ids: ReadonlySet<string>): PresenceSnapshot => {
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
    return { users, occupancy: largeRooms.of([...viewer.conversationIds]) };
  };

  const assemblePartial = (
    viewer: LiveViewer,
    before: LiveViewer,
    ids: ReadonlySet<string>,
  ): UserStatus[] => {
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

  const unknownOf = (ids: ReadonlySet<string>) => [...ids].filter((id) => !directory.users.peek(id));
  const readUnknown = async (
    userId: string,
    ids: ReadonlySet<string>,
  ): Promise<"known" | "read" | "failed"> => {
    const unknown = unknownOf(ids);
    if (unknown.length === 0) return "known";
    try {
      await directory.users.getMany(unknown);
      return "read";
    } catch (error) {
      logger.warn({ userId, unknown: unknown.length, err: error }, "people of a snapshot cannot be read");
      return "failed";
    }
  };

  /** A view without some of its people says that they are offline: it is sent again once they can be read. */
  const sendAgain = async (connection: Connection) => {
    if (incomplete.has(connection)) return;
    incomplete.add(connection);
    try {
      do await clock.sleep(RETRY_MS);
      while (
        connection.socket.connected &&
        (await readUnknown(connection.userId, present(viewerOf(connection)))) === "failed"
      );
    } finally {
      incomplete.delete(connection);
    }
    await send(connection);
  };

  const send = async (connection: Connection): Promise<void> => {
    const { userId, socket } = connection;
    // An answer that was under way when the blocks changed is not what the cache keeps.
    while (!directory.blocks.peek(userId)) await directory.blocks.get(userId);
    for (let round = 0; round < ROUNDS; round++) {
      const read = await readUnknown(userId, present(viewerOf(connection)));
      if (read === "failed")
        sendAgain(connection).catch((error) =>
          logger.error({ userId, err: error }, "snapshot not sent again"),
        );
      if (read !== "read") break;
    }
    if (!socket.connected) return;
    connection.blocked = directory.blocks.peek(userId) ?? connection.blocked;
    const viewer = viewerOf(connection);
    outlet.snapshot([socket.id], assemble(viewer, present(viewer)));
  };

  return {
    viewerOf,
    send,

    async sendPartial(connection, before, userIds, entered) {
      await readUnknown(connection.userId, userIds);
      const users = assemblePartial(viewerOf(connection), before, userIds);
      const occupancy = largeRooms.of(entered);
      if (users.length + occupancy.length === 0 || !connection.socket.connected) return;
      outlet.snapshot([connection.socket.id], { users, occupancy, partial: true });
    },
  };
}
