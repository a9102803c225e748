import type { Database } from "@meeshy/shared/db/client";
import { recentTransitions } from "@meeshy/shared/db/transitions";
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
import { createBroadcaster } from "./feed/broadcaster.ts";
import { createStatusFeed } from "./feed/status-feed.ts";
import { createActivity } from "./log/activity.ts";
import { createEventLog } from "./log/event-log.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { createAppliedChanges } from "./people/applied-changes.ts";
import { correctViews } from "./people/corrections.ts";
import { createMemberships } from "./people/memberships.ts";
import { createPeople, type People } from "./people/people.ts";
import { createRoomRequests } from "./people/room-requests.ts";
import { createTold } from "./people/told.ts";
import { createHttpServers } from "./routes/http-servers.ts";
import { createClientEvents } from "./sockets/client-events.ts";
import { obeyCommands } from "./sockets/commands.ts";
import { serveConnections } from "./sockets/connect-path.ts";
import { createConnections } from "./sockets/connections.ts";
import { drain } from "./sockets/drain.ts";
import { tellFreshness } from "./sockets/freshness-notices.ts";
import { guardHandshakes } from "./sockets/handshake.ts";
import { createSnapshots } from "./sockets/snapshots.ts";
import { createSocketServer } from "./sockets/socket-server.ts";

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
  /** what other services may ask to be changed */
  people: People;
  /** Drains and stops: within a few seconds, also without NATS or the database. */
  stop(): Promise<void>;
}

const BACKLOG_WAIT_MS = 3_000;

/** Builds a gateway, which is in the log from now on; it opens no port before `listen`. */
export async function createGateway(deps: GatewayDeps, config: GatewayConfig): Promise<Gateway> {
  const { link, db, registry, logger } = deps;
  let isDraining = false;
  const metrics = createGatewayMetrics(registry);
  const directory = createCachedDirectory(deps.directory);
  const board = createLeaseBoard(link, logger);
  const connections = createConnections(metrics.connections);
  const log = createEventLog(
    { link, board, connections, metrics, logger },
    { leaseMs: config.gatewayLeaseMs },
  );
  const feed = createStatusFeed({ link, metrics, logger });
  const outbox = createChatOutbox(link);
  const chat = createChat({ db, outbox });
  const told = createTold();
  const snapshots = createSnapshots({ directory, feed, told, logger });
  const memberships = createMemberships({ feed, snapshots, logger });
  const touch = createActivity(
    { log, connections, shownOf: feed.shown, metrics, logger },
    { throttleMs: config.activityThrottleMs },
  );

  const applied = createAppliedChanges(feed);
  const people = createPeople({
    link,
    source: deps.directory,
    db,
    directory,
    feed,
    log,
    applied,
    metrics,
    logger,
  });

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
      people,
      history: (userId, limit) => recentTransitions(db, userId, limit),
      touch,
      metrics,
      registry,
      unready,
      logger,
    },
    config,
  );
  const io = createSocketServer(http.public, config);
  guardHandshakes(io, { directory, feed, rules: config.auth, isDraining: () => isDraining, metrics, logger });
  const rooms = createRoomRequests({ directory, feed, memberships, changes: people.changes });
  const receive = createClientEvents({ chat, rooms, touch, logger });
  serveConnections(io, { connections, log, feed, snapshots, receive, changes: people.changes, logger });
  const { broadcast } = createBroadcaster({ io, directory, connections, told, metrics, logger });
  feed.onChange(broadcast);
  correctViews({ io, feed, directory, connections, memberships, applied, told, logger });
  tellFreshness({ io, feed, connections, snapshots, logger });
  const commands = obeyCommands({ link, log, connections, logger });
  const relay = relayChat({ io, link, db, connections, logger });

  return {
    listen: () => http.listen(),
    unready,
    people,
    async stop() {
      isDraining = true;
      await drain(io, connections, { graceMs: config.disconnectGraceMs });
      await log.stop(BACKLOG_WAIT_MS);
      commands.stop();
      relay.stop();
      people.changes.stop();
      outbox.stop();
      await feed.stop();
      await board.close();
      await http.close();
    },
  };
}
