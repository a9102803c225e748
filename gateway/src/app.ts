import type { IncomingMessage } from "node:http";
import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Store } from "@meeshy/shared/ports/store";
import { NO_TRACING, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { openFilesLimit } from "@meeshy/shared/runtime/open-files";
import type { Registry } from "prom-client";
import { createFirstUses } from "./auth/first-uses.ts";
import { createKeySource } from "./auth/key-source.ts";
import { createPeople, type People } from "./changes/people.ts";
import { createGatewayChat } from "./chat/gateway-chat.ts";
import type { Siblings } from "./cluster/siblings.ts";
import type { GatewayConfig } from "./config.ts";
import { createConnections } from "./connections/connections.ts";
import { attachSocketServer, createSocketServer } from "./connections/socket-server.ts";
import { clientAddress } from "./core/client-address.ts";
import { createDelivery } from "./delivery/delivery.ts";
import { createCachedDirectory } from "./directory/cached-directory.ts";
import { createStatusFeed, type StatusFeed } from "./feed/status-feed.ts";
import { createLimits } from "./limits/limits.ts";
import type { EventLog } from "./log/event-log.ts";
import { createGatewayLog } from "./log/gateway-log.ts";
import { createLiveGateways } from "./log/live-gateways.ts";
import { createPositionBound } from "./log/position-bound.ts";
import { createGatewayGauges, createGatewayMetrics } from "./metrics.ts";
import { createHttpServers } from "./routes/http-servers.ts";
import { createAnswers } from "./services/answers.ts";
import { createOutwardFeed } from "./services/outward.ts";
import { serveServices } from "./services/services.ts";
import { type AdmissionControl, createAdmissionControl } from "./sockets/admission.ts";
import { guardDescriptors } from "./sockets/descriptors.ts";
import { drain } from "./sockets/drain.ts";
import { serveSockets } from "./sockets/sockets.ts";
import { createCanaryPair } from "./status/canary.ts";
import { createStaleness, type Staleness } from "./status/staleness.ts";
import { createStatusReader } from "./status/status-reader.ts";
import { createTransitionStream } from "./status/transition-stream.ts";

export interface GatewayDeps {
  link: NatsLink;
  /** people, memberships, blocks, and the stored projection of presence */
  directory: Directory & PresenceStore;
  /** the demo chat, people's history, their list, and their deletion */
  store: Pick<Store, "chat" | "history" | "erasure" | "people">;
  registry: Registry;
  /** by default nothing is recorded */
  tracer?: Tracer | undefined;
  /** the other processes of its port; undefined: it has the port for itself */
  siblings?: Siblings | undefined;
  logger: Logger;
}

export interface Gateway {
  /** Listens; resolves with the port, which is `config.port` unless that is 0. */
  listen(): Promise<{ port: number; opsPort: number | undefined }>;
  /** why it cannot serve now; empty when it can */
  unready(): string[];
  /** what other services may ask to be changed */
  people: People;
}

const BACKLOG_WAIT_MS = 3_000;

const addressOf = ({ socket, headers }: IncomingMessage, { trustedProxies }: GatewayConfig) =>
  clientAddress(socket.remoteAddress, headers["x-forwarded-for"]?.toString(), trustedProxies);

const reasonsOf = (table: [boolean, string][]): string[] => table.flatMap(([is, why]) => (is ? [why] : []));

interface ReadinessSources {
  admission: Pick<AdmissionControl, "isClosed">;
  link: Pick<NatsLink, "isUp">;
  feed: Pick<StatusFeed, "isLoaded">;
  log: Pick<EventLog, "isStarted">;
  staleness: Pick<Staleness, "reasons">;
}

const readinessOf =
  ({ admission, link, feed, log, staleness }: ReadinessSources) =>
  (): string[] =>
    reasonsOf([
      [admission.isClosed(), "stopping"],
      [!link.isUp(), "NATS is not connected"],
      [!feed.isLoaded(), "statuses are not loaded"],
      [!log.isStarted(), "the heartbeat is not stored"],
    ]).concat(staleness.reasons());

/**
 * Builds a gateway, which is in the log from now on; it opens no port before `listen`. The lifecycle drains and stops it
 * within a few seconds, also without NATS or the database. `serve` puts its routes somewhere else than on a server of
 * its own.
 */
export async function createGateway(
  deps: GatewayDeps,
  config: GatewayConfig,
  lifecycle: Lifecycle,
  serve: typeof createHttpServers = createHttpServers,
): Promise<Gateway> {
  const { link, store, registry, siblings, tracer = NO_TRACING, logger } = deps;
  const metrics = createGatewayMetrics(registry);
  const base = { bus: link, clock: link.clock, metrics, tracer, logger };

  const board = createLeaseBoard(link, logger);
  lifecycle.onStop("lease board", () => board.close());
  const feed = createStatusFeed({ ...base, board, isPossible: createPositionBound(board) });
  lifecycle.onStop("status feed", () => feed.stop());

  // Who connects, and who is connected.
  const directory = createCachedDirectory(deps.directory, (list) => metrics.listsCut.inc({ list }));
  const keyFor = createKeySource(config.auth.key, logger, () =>
    metrics.tokenKeysRead.set({ source: "jwks" }, link.clock.wall() / 1_000),
  );
  const rules = { ...config.auth, keyFor, firstUses: createFirstUses(), brokerTime: board.brokerTime };
  const limits = createLimits(config.rates, metrics, siblings?.rates);
  const admission = createAdmissionControl({
    metrics,
    canServe: (request) => staleness.isWritable() && descriptors.admits(request),
    limit: (request) => limits.sessionFrom(addressOf(request, config)),
  });
  const connections = createConnections(metrics.connections);
  const io = createSocketServer(admission, config, siblings?.adapter);
  const gateways = createLiveGateways(board, link.clock, config);
  const known = { ...base, board, gateways, feed, directory, connections };

  // What is written into the log, what viewers are shown, and what people change.
  const log = createGatewayLog(known, config, lifecycle);
  const staleness = createStaleness({ ...known, log: log.events }, config);
  lifecycle.onStop("staleness", () => staleness.stop());
  const statuses = createStatusReader(known);
  const delivery = createDelivery({ ...known, io, statuses, limits }, config, lifecycle);
  const { outlet, applied, largeRooms, memberPages } = delivery;
  const people = createPeople({
    ...known,
    source: deps.directory,
    erasure: store.erasure,
    log: log.events,
    applied,
  });
  lifecycle.onStop("directory changes", () => people.changes.stop());
  const talk = createGatewayChat({ ...known, ...delivery, io, store: store.chat }, lifecycle);

  createGatewayGauges(registry, () => ({
    backlog: log.events.backlog(),
    backlogSeconds: Math.max(0, link.clock.now() - (log.events.waitingSince() ?? link.clock.now())) / 1_000,
    feedLagSeconds: feed.lagMs() / 1_000,
    partitionsUnserved: staleness.unserved(),
    transports: connections.transports(),
  }));

  // How clients and services reach all this.
  const unready = readinessOf({ admission, link, feed, log: log.events, staleness });
  const stored = { history: store.history.recent, peopleList: store.people };
  const transitions = createTransitionStream({ ...base, history: store.history });
  const forClients = { ...known, rules, limits, people, ...talk, statuses, staleness, touch: log.touch };
  const answer = createAnswers(forClients);
  const ops = siblings?.port ?? { registry, unready };
  const routes = { ...forClients, ...stored, answer, log: log.events, memberPages, transitions, ops };
  const http = await serve(routes, config);
  lifecycle.onStop("http", () => http.close());
  const descriptors = guardDescriptors(http.public, openFilesLimit(), base);
  const sockets = serveSockets({ ...forClients, io, log, delivery, admission }, config, lifecycle);

  const outward = createOutwardFeed({ ...known, link, gatewayId: log.events.gatewayId }, config);
  lifecycle.onStop("outward feed", () => outward.stop());

  const canaries = createCanaryPair({ ...known, log: log.events, outlet, unready }, config);

  // Subscriptions.
  feed.onChange(delivery.broadcast);
  feed.onChange(({ status }) => largeRooms.review(status.userId));
  feed.onDirectoryNews(delivery.correct);
  feed.onChange(({ status }) => outward.noteStatus(status.userId));
  feed.onDirectoryNews(({ userId }) => outward.noteNews(userId));
  // After delivery, which has handed the change to its queue then.
  feed.onChange(canaries.note);
  staleness.onChange(delivery.noteFreshness);
  log.events.onLife(sockets.commands.listenAs);
  log.events.onLife(sockets.selfNotices.listenAs);
  log.events.onLife(sockets.reconciliation.soon);
  log.events.onLife(canaries.announceAgain);

  // Stops in reverse: no one comes in any more, requests are answered, sockets leave, and the log has their goodbyes.
  lifecycle.onStop("log", () => log.events.stop(BACKLOG_WAIT_MS));
  attachSocketServer(io, http.public);
  const sessions = siblings?.routeSessions(io, http.public, config);
  lifecycle.onStop("sessions of siblings", () => sessions?.close());
  lifecycle.onStop("sockets", () => drain(io, outlet, connections, { graceMs: config.disconnectGraceMs }));
  // The sockets' server waits for answers that are being sent.
  lifecycle.onStop("transition listeners", () => transitions.stop());
  const services = serveServices({ link, answer, ready: feed.loaded, logger });
  lifecycle.onStop("services", () => services.stop());
  lifecycle.onStop("admission", () => admission.close());
  lifecycle.onStop("canaries", () => canaries.stop());

  return {
    async listen() {
      await sessions?.listen();
      return http.listen();
    },
    unready,
    people,
  };
}
