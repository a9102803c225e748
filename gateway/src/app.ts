import type { Database } from "@meeshy/shared/db/client";
import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Registry } from "prom-client";
import { createChat } from "./chat/chat.ts";
import { createChatOutbox } from "./chat/chat-outbox.ts";
import { relayChat } from "./chat/chat-relay.ts";
import type { GatewayConfig } from "./config.ts";
import { createCachedDirectory } from "./directory/cached-directory.ts";
import { gatherReads } from "./directory/gathered-reads.ts";
import { createBroadcaster } from "./feed/broadcaster.ts";
import { createStatusFeed } from "./feed/status-feed.ts";
import { createActivity } from "./log/activity.ts";
import { createEventLog } from "./log/event-log.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { createLargeRooms } from "./rooms/large-rooms.ts";
import { createOutlet } from "./rooms/outlet.ts";
import { createWatching } from "./rooms/watching.ts";
import { createHttpServers } from "./routes/http-servers.ts";
import { createStatusReader } from "./routes/status-reader.ts";
import { createAdmission } from "./sockets/admission.ts";
import { createClientEvents } from "./sockets/client-events.ts";
import { obeyCommands } from "./sockets/commands.ts";
import { serveConnections } from "./sockets/connect-path.ts";
import { createConnections } from "./sockets/connections.ts";
import { drain } from "./sockets/drain.ts";
import { tellFreshness } from "./sockets/freshness-notices.ts";
import { guardHandshakes } from "./sockets/handshake.ts";
import { conversationRoom } from "./sockets/rooms.ts";
import { dropSlowSockets } from "./sockets/slow-sockets.ts";
import { createSnapshots } from "./sockets/snapshots.ts";
import { createSocketServer } from "./sockets/socket-server.ts";
import { createSpreadSnapshots } from "./sockets/spread-snapshots.ts";

export interface GatewayDeps {
  link: NatsLink;
  /** people, memberships, blocks, and the stored projection of presence */
  directory: Directory & PresenceStore;
  /** the demo chat's database */
  db: Database;
  registry: Registry;
  logger: Logger;
}

export interface Gateway {
  /** Listens; resolves with the port, which is `config.port` unless that is 0. */
  listen(): Promise<{ port: number; opsPort: number | undefined }>;
  /** why it cannot serve now; empty when it can */
  unready(): string[];
  /** Drains and stops: within a few seconds, also without NATS or the database. */
  stop(): Promise<void>;
}

const BACKLOG_WAIT_MS = 3_000;

/** Builds a gateway, which is in the log from now on; it opens no port before `listen`. */
export async function createGateway(deps: GatewayDeps, config: GatewayConfig): Promise<Gateway> {
  const { link, db, registry, logger } = deps;
  let isDraining = false;
  const metrics = createGatewayMetrics(registry);
  const directory = createCachedDirectory(gatherReads(deps.directory));
  const board = createLeaseBoard(link, logger);
  const connections = createConnections(metrics.connections);
  const log = createEventLog(
    { link, board, connections, metrics, logger },
    { leaseMs: config.gatewayLeaseMs },
  );
  const feed = createStatusFeed({ link, metrics, logger });
  const outbox = createChatOutbox(link);
  const chat = createChat({ db, outbox });
  const touch = createActivity(
    { log, connections, shownOf: feed.shown, metrics, logger },
    { throttleMs: config.activityThrottleMs },
  );

  const unready = () => [
    ...(isDraining ? ["stopping"] : []),
    ...(link.isUp() ? [] : ["NATS is not connected"]),
    ...(feed.isLoaded() ? [] : ["statuses are not loaded"]),
    ...(log.isStarted() ? [] : ["the heartbeat is not stored"]),
  ];

  const http = await createHttpServers(
    {
      link,
      board,
      directory,
      rules: config.auth,
      feed,
      log,
      connections,
      chat,
      touch,
      occupancyOf: (conversationId) => largeRooms.count(conversationId),
      metrics,
      registry,
      unready,
      logger,
    },
    config,
  );
  const admission = createAdmission({ metrics });
  const io = createSocketServer(http.public, admission, config);
  guardHandshakes(io, {
    directory,
    rules: config.auth,
    isDraining: () => isDraining,
    admission,
    metrics,
    logger,
  });
  const outlet = createOutlet(io);
  const largeRooms = createLargeRooms(
    { io, outlet, directory, feed, logger },
    { largerThan: config.largeRoomSize },
  );
  const snapshots = createSnapshots({ directory, feed, outlet, largeRooms, logger });
  const spreadSnapshots = createSpreadSnapshots({ connections, snapshots, logger });
  const watching = createWatching(createStatusReader({ directory, feed }));
  const receive = createClientEvents({ chat, touch, watching, logger });
  serveConnections(io, { connections, log, feed, outlet, largeRooms, snapshots, receive, logger });
  const { broadcast } = createBroadcaster({
    io,
    outlet,
    largeRooms,
    directory,
    connections,
    metrics,
    logger,
  });
  feed.onChange(broadcast);
  feed.onChange(({ userId }) => largeRooms.review(userId));
  largeRooms.onResize((id) => {
    const inRoom = io.sockets.adapter.rooms.get(conversationRoom(id));
    spreadSnapshots(connections.all().filter(({ socket }) => inRoom?.has(socket.id)));
  });
  tellFreshness({ io, outlet, feed, connections, spreadSnapshots });
  const commands = obeyCommands({ link, log, connections, logger });
  const slowSockets = dropSlowSockets({ connections, logger });
  const relay = relayChat({ io, outlet, link, db, connections, logger });

  return {
    listen: () => http.listen(),
    unready,
    async stop() {
      isDraining = true;
      admission.close();
      await drain(io, outlet, connections, { graceMs: config.disconnectGraceMs });
      await log.stop(BACKLOG_WAIT_MS);
      commands.stop();
      relay.stop();
      outbox.stop();
      largeRooms.stop();
      slowSockets.stop();
      await feed.stop();
      await board.close();
      await http.close();
    },
  };
}
