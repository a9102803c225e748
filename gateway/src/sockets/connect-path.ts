import { randomBytes } from "node:crypto";
import { PublisherClosed } from "@meeshy/shared/nats/publisher";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Acquaintance } from "../directory/acquaintance.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { EventLog } from "../log/event-log.ts";
import type { DirectoryChanges } from "../people/directory-changes.ts";
import type { StoredProfiles } from "../people/stored-profiles.ts";
import type { LargeRooms } from "../rooms/large-rooms.ts";
import type { Outlet } from "../rooms/outlet.ts";
import { expireWith } from "./auth-expiry.ts";
import type { ReceiveEvents } from "./client-events.ts";
import type { Connection, Connections } from "./connections.ts";
import type { Admitted } from "./handshake.ts";
import { conversationRoom, ROOM_ADMINS, userRoom } from "./rooms.ts";
import type { Snapshots } from "./snapshots.ts";
import type { PresenceServer, PresenceSocket } from "./socket-server.ts";

export interface ConnectDeps {
  connections: Connections;
  log: EventLog;
  feed: StatusFeed;
  outlet: Outlet;
  largeRooms: LargeRooms;
  snapshots: Snapshots;
  acquaintance: Acquaintance;
  receive: ReceiveEvents;
  changes: Pick<DirectoryChanges, "announce">;
  profiles: Pick<StoredProfiles, "readLater">;
  logger: Logger;
}

const CONNECTION_ID_BYTES = 12;

/** From an admitted socket to `authenticated` and the snapshot, and to its end (DESIGN "gateway"). */
export function serveConnections(io: PresenceServer, deps: ConnectDeps): void {
  io.on("connection", (socket) => {
    const connection = open(socket, socket.data as Admitted);
    if (socket.handshake.auth.batch === true) deps.outlet.openBatches(socket.id);
    joinRooms(connection);
    deps.connections.add(connection);
    socket.on("disconnect", (reason: string) => close(connection, connection.closeReason ?? reason, deps));
    deps.profiles.readLater(connection);
    lookForChanges(connection, deps);
    deps.receive(connection);
    expireWith(connection);
    const staleSince = deps.feed.staleSince();
    if (staleSince !== null) socket.emit("presence:stale", { since: new Date(staleSince).toISOString() });
    welcome(connection, deps).catch((error) => {
      if (!(error instanceof PublisherClosed)) deps.logger.error({ err: error }, "connection not welcomed");
    });
  });
}

function open(socket: PresenceSocket, admitted: Admitted): Connection {
  return {
    ...admitted,
    id: randomBytes(CONNECTION_ID_BYTES).toString("base64url"),
    userId: admitted.identity.user.id,
    socket,
    since: Date.now(),
    lastActivityAt: performance.now(),
    announced: undefined,
    logged: undefined,
    closeReason: undefined,
    left: new Set(),
    isWelcomed: false,
  };
}

/** What was read at the door may have changed on the way in: then everybody, this gateway too, reads it again. */
function lookForChanges(
  { userId, directoryVersion }: Connection,
  { feed, changes, logger }: ConnectDeps,
): void {
  if ((feed.shown(userId)?.directoryVersion ?? 0) <= directoryVersion) return;
  changes.announce(userId).catch((error) => logger.warn({ userId, err: error }, "change not told again yet"));
}

function joinRooms({ socket, userId, identity, conversationIds }: Connection): void {
  const rooms = [userRoom(userId), ...conversationIds.map(conversationRoom)];
  if (identity.isAdmin) rooms.push(ROOM_ADMINS);
  void socket.join(rooms);
}

/** The socket is in its rooms before it is in the log, and in the log before it is told so. */
async function welcome(connection: Connection, deps: ConnectDeps): Promise<void> {
  const { log, feed, largeRooms, snapshots, acquaintance, logger } = deps;
  const { socket, userId, id: connectionId, identity, conversationIds } = connection;
  logger.info({ userId, connectionId, device: connection.device }, "connected");
  await Promise.all([log.connected(connection), feed.loaded, largeRooms.learn(conversationIds)]);
  if (!socket.connected) return;
  const { username, isAnonymous } = identity.user;
  socket.emit("authenticated", { success: true, user: { id: userId, username, isAnonymous }, connectionId });
  connection.isWelcomed = true;
  // A view that may be out of date would show people who left: the whole view comes as soon as it is right again.
  if (feed.staleSince() === null) await snapshots.send(connection);
  acquaintance.make(conversationIds.filter((id) => !largeRooms.isLarge(id)));
}

function close(connection: Connection, reason: string, deps: ConnectDeps): void {
  const { connections, log, outlet, logger } = deps;
  connections.remove(connection);
  outlet.closeBatches(connection.socket.id);
  log.disconnected(connection, reason);
  logger.info({ userId: connection.userId, connectionId: connection.id, reason }, "disconnected");
}
