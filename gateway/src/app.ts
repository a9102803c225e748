import type { Database } from "@meeshy/shared/db/client";
import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Registry } from "prom-client";
import { createKeySource } from "./auth/key-source.ts";
import { createChat } from "./chat/chat.ts";
import { createChatOutbox } from "./chat/chat-outbox.ts";
import { relayChat } from "./chat/chat-relay.ts";
import type { GatewayConfig } from "./config.ts";
import { createCachedDirectory } from "./directory/cached-directory.ts";
import { createBroadcaster } from "./feed/broadcaster.ts";
import { createStatusFeed } from "./feed/status-feed.ts";
import { createLimits } from "./limits/limits.ts";
import { createActivity } from "./log/activity.ts";
import { createEventLog } from "./log/event-log.ts";
import { createGatewayMetrics } from "./metrics.ts";
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
  /** Drains and stops: within a few seconds, also without NATS or the database. */
  stop(): Promise<void>;
}

const BACKLOG_WAIT_MS = 3_000;

/**
 * Builds a gateway, which is in the log from now on; it opens no port before `listen`. `serve` puts its routes
 * somewhere else than on a server of its own.
 */
export async function createGateway(
  deps: GatewayDeps,
  config: GatewayConfig,
  serve: typeof createHttpServers = createHttpServers,
): Promise<Gateway> {
  const { link, db, registry, logger } = deps;
  let isDraining = false;
  const metrics = createGatewayMetrics(registry);
  const directory = createCachedDirectory(deps.directory);
  const limits = createLimits(config.rates, metrics);
  const rules = { ...config.auth, keyFor: createKeySource(config.auth.key, logger) };
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

  const http = await serve(
    {
      link,
      board,
      directory,
      rules,
      limits,
      feed,
      log,
      connections,
      chat,
      touch,
      metrics,
      registry,
      unready,
      logger,
    },
    config,
  );
  const io = createSocketServer(http.public, config);
  guardHandshakes(
    io,
    { directory, rules, limits, isDraining: () => isDraining, metrics, logger },
    { trustedProxies: config.trustedProxies },
  );
  const snapshots = createSnapshots({ directory, feed, logger });
  const receive = createClientEvents({ chat, touch, limits, logger });
  serveConnections(io, { connections, log, feed, snapshots, receive, logger });
  const { broadcast } = createBroadcaster({ io, directory, connections, metrics, logger });
  feed.onChange(broadcast);
  tellFreshness({ io, feed, connections, snapshots, logger });
  const commands = obeyCommands({ link, log, connections, logger });
  const relay = relayChat({ io, link, db, connections, logger });

  return {
    listen: () => http.listen(),
    unready,
    async stop() {
      isDraining = true;
      await drain(io, connections, { graceMs: config.disconnectGraceMs });
      await log.stop(BACKLOG_WAIT_MS);
      commands.stop();
      relay.stop();
      outbox.stop();
      await feed.stop();
      await board.close();
      await http.close();
    },
  };
}
