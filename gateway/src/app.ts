import type { Database } from "@meeshy/shared/db/client";
import { recentTransitions } from "@meeshy/shared/db/transitions";
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
import { createAcquaintance } from "./directory/acquaintance.ts";
import { createCachedDirectory } from "./directory/cached-directory.ts";
import { gatherReads } from "./directory/gathered-reads.ts";
import { createBroadcaster } from "./feed/broadcaster.ts";
import { createStatusFeed } from "./feed/status-feed.ts";
import { createLimits } from "./limits/limits.ts";
import { createActivity } from "./log/activity.ts";
import { createEventLog, epochOn } from "./log/event-log.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { createAppliedChanges } from "./people/applied-changes.ts";
import { correctViews } from "./people/corrections.ts";
import { createMemberships } from "./people/memberships.ts";
import { createPeople, type People } from "./people/people.ts";
import { createRoomRequests } from "./people/room-requests.ts";
import { createLastShown, createStoredProfiles } from "./people/stored-profiles.ts";
import { createTold } from "./people/told.ts";
import { createLargeRooms } from "./rooms/large-rooms.ts";
import { createOutlet } from "./rooms/outlet.ts";
import { createWatching } from "./rooms/watching.ts";
import { createHttpServers } from "./routes/http-servers.ts";
import { createStatusReader } from "./routes/status-reader.ts";
import { createAnswers } from "./services/answers.ts";
import { serveServices } from "./services/services.ts";
import { createAdmission } from "./sockets/admission.ts";
import { createClientEvents } from "./sockets/client-events.ts";
import { obeyCommands } from "./sockets/commands.ts";
import { serveConnections } from "./sockets/connect-path.ts";
import { createConnections } from "./sockets/connections.ts";
import { drain } from "./sockets/drain.ts";
import { tellFreshness } from "./sockets/freshness-notices.ts";
import { guardHandshakes } from "./sockets/handshake.ts";
import { reconcileConnections } from "./sockets/reconcile.ts";
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
  /** what other services may ask to be changed */
  people: People;
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
  const directory = createCachedDirectory(gatherReads(deps.directory));
  const limits = createLimits(config.rates, metrics);
  const rules = { ...config.auth, keyFor: createKeySource(config.auth.key, logger) };
  const board = createLeaseBoard(link, logger);
  const connections = createConnections(metrics.connections);
  const feed = createStatusFeed({ bus: link, metrics, logger });
  const lastShown = createLastShown(feed, () => epochOn(board));
  const profiles = createStoredProfiles({
    clock: link.clock,
    directory,
    connections,
    lastShown,
    announceAgain: (connection) => log.announceAgain(connection),
    logger,
  });
  const log = createEventLog(
    { bus: link, board, connections, refreshProfiles: profiles.refresh, metrics, logger },
    { leaseMs: config.gatewayLeaseMs },
  );
  const outbox = createChatOutbox(link);
  const chat = createChat({ db, outbox });
  const touch = createActivity(
    { clock: link.clock, log, connections, shownOf: feed.shown, metrics, logger },
    { throttleMs: config.activityThrottleMs },
  );

  const applied = createAppliedChanges(feed);
  const people = createPeople({
    bus: link,
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

  const http = await serve(
    {
      bus: link,
      board,
      directory,
      rules,
      limits,
      feed,
      log,
      connections,
      chat,
      people,
      history: (userId, limit) => recentTransitions(db, userId, limit),
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
  guardHandshakes(
    io,
    { directory, feed, lastShown, rules, limits, admission, isDraining: () => isDraining, metrics, logger },
    { trustedProxies: config.trustedProxies },
  );
  const outlet = createOutlet(io);
  const largeRooms = createLargeRooms(
    { io, outlet, directory, feed, logger },
    { largerThan: config.largeRoomSize },
  );
  const told = createTold();
  const snapshots = createSnapshots({ clock: link.clock, directory, feed, outlet, largeRooms, told, logger });
  const spreadSnapshots = createSpreadSnapshots({ connections, snapshots, logger });
  const memberships = createMemberships({ feed, largeRooms, snapshots, logger });
  const statuses = createStatusReader({ directory, feed });
  const watching = createWatching(statuses);
  const rooms = createRoomRequests({ directory, feed, memberships, changes: people.changes });
  const receive = createClientEvents({ chat, rooms, touch, watching, limits, logger });
  const acquaintance = createAcquaintance(directory, logger);
  serveConnections(io, {
    connections,
    log,
    feed,
    outlet,
    largeRooms,
    snapshots,
    acquaintance,
    receive,
    changes: people.changes,
    profiles,
    logger,
  });
  const { broadcast } = createBroadcaster({
    clock: link.clock,
    io,
    outlet,
    largeRooms,
    directory,
    connections,
    told,
    metrics,
    logger,
  });
  feed.onChange(broadcast);
  feed.onChange(({ userId }) => largeRooms.review(userId));
  correctViews({
    io,
    outlet,
    largeRooms,
    feed,
    directory,
    connections,
    memberships,
    applied,
    told,
    logger,
  });
  largeRooms.onResize((id) => {
    const inRoom = io.sockets.adapter.rooms.get(conversationRoom(id));
    spreadSnapshots(connections.all().filter(({ socket }) => inRoom?.has(socket.id)));
  });
  tellFreshness({ io, outlet, feed, connections, spreadSnapshots });
  const commands = obeyCommands({ bus: link, log, connections, logger });
  const reconciliation = reconcileConnections({ bus: link, board, log, connections, logger });
  const slowSockets = dropSlowSockets({ connections, logger });
  const relay = relayChat({ io, outlet, bus: link, db, connections, logger });
  const services = serveServices({
    link,
    answer: createAnswers({ statuses, touch, people }),
    ready: feed.loaded,
    logger,
  });

  return {
    listen: () => http.listen(),
    unready,
    people,
    async stop() {
      isDraining = true;
      admission.close();
      await services.stop();
      await drain(io, outlet, connections, { graceMs: config.disconnectGraceMs });
      await log.stop(BACKLOG_WAIT_MS);
      commands.stop();
      reconciliation.stop();
      relay.stop();
      people.changes.stop();
      profiles.stop();
      outbox.stop();
      largeRooms.stop();
      acquaintance.stop();
      slowSockets.stop();
      await feed.stop();
      await board.close();
      await http.close();
    },
  };
}
