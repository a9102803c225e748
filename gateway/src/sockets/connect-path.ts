import { randomBytes } from "node:crypto";
import { type CloseReasonName, closeReason } from "@meeshy/shared/close-reasons";
import { PublisherClosed } from "@meeshy/shared/nats/publisher";
import { traceIdOf } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { DirectoryChanges } from "../changes/directory-changes.ts";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import { conversationRoom, ROOM_ADMINS, userRoom } from "../connections/room-names.ts";
import type { Admitted, PresenceServer, PresenceSocket } from "../connections/socket-server.ts";
import type { LargeRooms } from "../delivery/large-rooms.ts";
import type { Snapshots } from "../delivery/snapshots.ts";
import type { MemberPrefetcher } from "../directory/member-prefetcher.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { EventLog } from "../log/event-log.ts";
import type { StoredProfiles } from "../log/refresh-profiles.ts";
import { type Staleness, staleNotice } from "../status/staleness.ts";
import type { AuthExpiry } from "./auth-expiry.ts";
import type { ReceiveEvents } from "./client-events.ts";
import type { SelfNotices } from "./self-notices.ts";

export interface ConnectDeps {
  connections: Connections;
  log: EventLog;
  feed: StatusFeed;
  staleness: Pick<Staleness, "now">;
  outlet: Outlet;
  largeRooms: LargeRooms;
  snapshots: Snapshots;
  memberPrefetcher: MemberPrefetcher;
  receive: ReceiveEvents;
  authExpiry: Pick<AuthExpiry, "watch">;
  selfNotices: Pick<SelfNotices, "begin">;
  changes: Pick<DirectoryChanges, "announce">;
  profiles: Pick<StoredProfiles, "readLater">;
  logger: Logger;
}

const CONNECTION_ID_BYTES = 12;

/** From an admitted socket to `authenticated` and the snapshot, and to its end (ARCHITECTURE "gateway"). */
export function serveConnections(io: PresenceServer, deps: ConnectDeps): void {
  io.on("connection", (socket) => {
    const { sendHeld, ...admitted } = socket.data as Admitted;
    const connection = open(socket, admitted);
    deps.outlet.open(socket.id, { batches: socket.handshake.auth.batch === true });
    joinRooms(connection);
    deps.connections.add(connection);
    socket.on("disconnect", (reason) => close(connection, connection.closeReason ?? reason, deps));
    deps.profiles.readLater(connection);
    lookForChanges(connection, deps);
    deps.receive(connection);
    deps.authExpiry.watch(connection);
    const stale = deps.staleness.now();
    if (stale !== null) socket.emit("presence:stale", staleNotice(stale));
    setUp(connection, deps)
      .catch((error) => {
        if (!(error instanceof PublisherClosed)) deps.logger.error({ err: error }, "connection setup failed");
      })
      .finally(sendHeld);
  });
}

function open(socket: PresenceSocket, admitted: Omit<Admitted, "sendHeld">): ClientConnection {
  return {
    ...admitted,
    id: randomBytes(CONNECTION_ID_BYTES).toString("base64url"),
    userId: admitted.identity.user.id,
    socket,
    since: Date.now(),
    lastActivityAt: performance.now() - admitted.arrival.idleMs,
    isPassive: admitted.arrival.isPassive,
    announced: undefined,
    logged: undefined,
    firstLogged: undefined,
    closeReason: undefined,
    left: new Set(),
    isReady: false,
  };
}

/** What the handshake read may have changed since: then every gateway, this one too, reads it again. */
export function lookForChanges(
  { userId, directoryVersion }: Pick<ClientConnection, "userId" | "directoryVersion">,
  { feed, changes, logger }: Pick<ConnectDeps, "changes" | "logger"> & { feed: Pick<StatusFeed, "shown"> },
): void {
  if ((feed.shown(userId)?.directoryVersion ?? 0) <= directoryVersion) return;
  changes
    .announce(userId)
    .catch((error) => logger.warn({ userId, err: error }, "directory change not announced again yet"));
}

function joinRooms({ socket, userId, identity, conversationIds }: ClientConnection): void {
  const rooms = [userRoom(userId), ...conversationIds.map(conversationRoom)];
  if (identity.isAdmin) rooms.push(ROOM_ADMINS);
  void socket.join(rooms);
}

/** The socket is in its rooms before it is in the log, and in the log before it receives `authenticated`. */
async function setUp(connection: ClientConnection, deps: ConnectDeps): Promise<void> {
  const { log, feed, largeRooms, snapshots, memberPrefetcher, logger } = deps;
  const { socket, userId, id: connectionId, identity, conversationIds } = connection;
  const traceId = traceIdOf(connection.traceparent);
  logger.info({ userId, connectionId, device: connection.device, traceId }, "connected");
  await Promise.all([log.connected(connection), feed.loaded, largeRooms.learn(conversationIds)]);
  if (!socket.connected) return;
  const { username, isAnonymous } = identity.user;
  socket.emit("authenticated", { success: true, user: { id: userId, username, isAnonymous }, connectionId });
  connection.isReady = true;
  deps.selfNotices.begin(connection);
  // The acknowledgement came over the link that brings the statuses: what was stored before this connect has arrived.
  await feed.settled();
  // A view that lacks statuses would show people who left: the whole view comes as soon as it is complete again. While
  // it is complete and only others stand still, it is the best there is, and the client knows that it may be out of date.
  if (feed.staleSince() === null) await snapshots.send(connection);
  memberPrefetcher.prefetch(conversationIds.filter((id) => !largeRooms.isLarge(id)));
}

function close(connection: ClientConnection, reason: CloseReasonName, deps: ConnectDeps): void {
  const { connections, log, outlet, logger } = deps;
  connections.remove(connection);
  outlet.close(connection.socket.id);
  log.disconnected(connection, reason);
  const code = closeReason(reason)?.code;
  logger.info({ userId: connection.userId, connectionId: connection.id, reason, code }, "disconnected");
}
