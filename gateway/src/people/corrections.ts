import type { DirectoryUser } from "@meeshy/shared/directory";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage, UserStatus } from "@meeshy/shared/status";
import { findAudience } from "../core/audience.ts";
import { toUserStatus } from "../core/merge-status.ts";
import { isSameView, liveRelationTo, readStatus } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { LargeRooms } from "../rooms/large-rooms.ts";
import type { Outlet } from "../rooms/outlet.ts";
import type { Connection, Connections } from "../sockets/connections.ts";
import { conversationRoom, ROOM_ADMINS, userRoom, watchRoom } from "../sockets/rooms.ts";
import type { PresenceServer } from "../sockets/socket-server.ts";
import type { AppliedChanges } from "./applied-changes.ts";
import type { Memberships } from "./memberships.ts";
import type { Told } from "./told.ts";

export interface CorrectionDeps {
  io: PresenceServer;
  outlet: Outlet;
  largeRooms: LargeRooms;
  feed: StatusFeed;
  directory: CachedDirectory;
  connections: Connections;
  memberships: Memberships;
  applied: AppliedChanges;
  told: Told;
  logger: Logger;
}

/** A change that is being carried out. */
interface Underway {
  /** conversations in which the person may have been seen */
  seenIn: Set<string>;
  /** the status of before, where one was known */
  former: StatusMessage | undefined;
  /** a later change came while the directory was read */
  isOutdated: boolean;
}

const RETRY_MS = 1_000;

/**
 * Puts right what this gateway's sockets see when the directory says something new of a person (DESIGN
 * "directoryVersion"): reads the person anew, moves their sockets between rooms, and tells whoever reads
 * them otherwise now, in partial snapshots. Nobody else is told anything.
 */
export function correctViews(deps: CorrectionDeps): void {
  const { io, outlet, largeRooms, feed, directory } = deps;
  const { connections, memberships, applied, told, logger } = deps;
  const underway = new Map<string, Underway>();

  const begin = (status: StatusMessage, former: StatusMessage | undefined) => {
    const { userId } = status;
    const isAnnounced = status.directoryVersion > 0 && status.directoryVersion !== former?.directoryVersion;
    if (!isAnnounced) {
      if (former) leaveBehind(userId, former);
      return;
    }
    directory.forgetPerson(userId);
    forgetMembers(status.conversationIds, former?.conversationIds ?? []);
    const change = underway.get(userId);
    const seenIn = former?.conversationIds ?? status.conversationIds;
    if (change) {
      change.isOutdated = true;
      for (const id of seenIn) change.seenIn.add(id);
      return;
    }
    const begun = { seenIn: new Set(seenIn), former, isOutdated: false };
    underway.set(userId, begun);
    void carryOut(userId, begun);
  };

  /** A membership that ended without an announcement: what is known of the person stays as good as it was. */
  const leaveBehind = (userId: string, { conversationIds }: StatusMessage) => {
    const user = directory.users.peek(userId);
    const blocked = directory.blocks.peek(userId);
    if (user && blocked && !underway.has(userId))
      correctViewers(userId, user, blocked, { seenIn: new Set(conversationIds), former: undefined });
  };

  const forgetMembers = (now: readonly string[], before: readonly string[]) => {
    const [ids, formerIds] = [new Set(now), new Set(before)];
    for (const id of ids.symmetricDifference(formerIds)) {
      directory.members.forget(id);
      directory.memberCounts.forget(id);
    }
  };

  const carryOut = async (userId: string, change: Underway) => {
    for (;;) {
      change.isOutdated = false;
      try {
        const [user, blocked, conversations] = await Promise.all([
          directory.users.get(userId),
          directory.blocks.get(userId),
          directory.conversations.get(userId),
        ]);
        if (change.isOutdated) continue;
        const conversationIds = (conversations ?? []).map(({ id }) => id);
        correctOwn(userId, user, blocked ?? new Set(), conversationIds);
        correctViewers(userId, user, blocked ?? new Set(), change);
        largeRooms.review(userId);
        break;
      } catch (error) {
        logger.warn({ userId, err: error }, "viewers not corrected yet: the directory cannot be read");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    underway.delete(userId);
    applied.note(userId);
  };

  const correctOwn = (
    userId: string,
    user: DirectoryUser | undefined,
    blocked: ReadonlySet<string>,
    conversationIds: readonly string[],
  ) => {
    for (const connection of connections.of(userId)) {
      if (user?.isActive) memberships.take(connection, { user, blocked, conversationIds });
      else expel(connection);
    }
  };

  const expel = (connection: Connection) => {
    connection.closeReason = "admin";
    connection.socket.disconnect();
  };

  const correctViewers = (
    userId: string,
    user: DirectoryUser | undefined,
    blocked: ReadonlySet<string>,
    { seenIn, former: formerMessage }: Omit<Underway, "isOutdated">,
  ) => {
    const message = feed.get(userId);
    if (!message) return;
    const status = toUserStatus(message);
    const formerStatus = formerMessage ? toUserStatus(formerMessage) : status;
    const toldAs = told.of(userId);
    told.forget(userId);
    const saw = followersIn(userId, [...seenIn]);
    const see = followersIn(userId, message.conversationIds);
    const audiences = new Map<string, { view: UserStatus; sockets: string[] }>();
    for (const socketId of saw.union(see)) {
      const connection = connections.ofSocket(socketId);
      if (!connection) continue;
      const { userId: id, identity } = connection;
      const before = { id, isAdmin: identity.isAdmin, blocked: connection.blocked };
      noteBlock(connection, userId, blocked.has(id));
      const after = { ...before, blocked: connection.blocked };
      const former = readStatus(
        liveRelationTo(before, userId, saw.has(socketId)),
        userId,
        toldAs,
        formerStatus,
      );
      const view = readStatus(liveRelationTo(after, userId, see.has(socketId)), userId, user, status);
      // Whoever is not welcomed yet gets the whole view with the welcome.
      if (!connection.isWelcomed || isSameView(former, view)) continue;
      const key = JSON.stringify(view);
      const audience = audiences.get(key);
      if (audience) audience.sockets.push(socketId);
      else audiences.set(key, { view, sockets: [socketId] });
    }
    if (user && see.size > 0 && user.isActive && user.showOnlineStatus) told.note(user);
    for (const { view, sockets } of audiences.values())
      outlet.snapshot(sockets, { users: [view], occupancy: [], partial: true });
  };

  /** The viewer's own cached blocks may say otherwise: they are read again. */
  const noteBlock = (connection: Connection, userId: string, isBlocked: boolean) => {
    if (connection.blocked.has(userId) === isBlocked) return;
    const blocked = new Set(connection.blocked);
    if (isBlocked) blocked.add(userId);
    else blocked.delete(userId);
    connection.blocked = blocked;
    directory.blocks.forget(connection.userId);
  };

  /** The sockets that follow a person of these conversations, whatever they may see. */
  const followersIn = (userId: string, conversationIds: readonly string[]): Set<string> => {
    const { sharers, admins } = findAudience(io.sockets.adapter.rooms, {
      told: conversationIds.filter((id) => !largeRooms.isLarge(id)).map(conversationRoom),
      shared: conversationIds.map(conversationRoom),
      watchers: watchRoom(userId),
      own: userRoom(userId),
      isBlocked: () => false,
      admins: ROOM_ADMINS,
    });
    return new Set([...sharers, ...admins]);
  };

  feed.onDirectoryNews(begin);
}
