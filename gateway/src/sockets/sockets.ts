import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Tracer } from "@meeshy/shared/ports/tracing";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { AuthRules } from "../auth/authenticate.ts";
import type { People } from "../changes/people.ts";
import { createRoomRequests } from "../changes/room-requests.ts";
import type { Chat } from "../chat/chat.ts";
import type { Typing } from "../chat/typing.ts";
import type { Connections } from "../connections/connections.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import { createMemberPrefetcher } from "../directory/member-prefetcher.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
import type { GatewayLog } from "../log/gateway-log.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Staleness } from "../status/staleness.ts";
import type { AdmissionControl } from "./admission.ts";
import { createAuthExpiry } from "./auth-expiry.ts";
import { createClientEvents } from "./client-events.ts";
import { type GatewayCommands, handleCommands } from "./commands.ts";
import { serveConnections } from "./connect-path.ts";
import { guardHandshakes } from "./handshake.ts";
import { recheckConnections } from "./recheck.ts";
import { type Reconciliation, reconcileConnections } from "./reconcile.ts";
import { createSelfNotices, type SelfNotices } from "./self-notices.ts";
import { dropSlowSockets } from "./slow-sockets.ts";

/** People's sockets, from the handshake to their end, by the client, a worker, or their own slowness. */
export interface Sockets {
  commands: GatewayCommands;
  selfNotices: SelfNotices;
  reconciliation: Reconciliation;
}

export interface SocketDeps {
  io: PresenceServer;
  bus: Bus;
  clock: Clock;
  board: LeaseBoard;
  directory: CachedDirectory;
  connections: Connections;
  admission: AdmissionControl;
  rules: AuthRules;
  limits: Limits;
  feed: StatusFeed;
  log: GatewayLog;
  staleness: Pick<Staleness, "now">;
  delivery: Delivery;
  people: People;
  chat: Chat;
  typing: Typing;
  metrics: GatewayMetrics;
  tracer: Tracer;
  logger: Logger;
}

/** Serves the sockets of `io` as soon as clients can reach it. */
export function serveSockets(
  deps: SocketDeps,
  config: { trustedProxies: number },
  lifecycle: Lifecycle,
): Sockets {
  const { io, directory, delivery, people, logger } = deps;
  const { changes } = people;
  const { events: log, touch, profiles, lastShown } = deps.log;
  guardHandshakes(io, { ...deps, lastShown }, config);
  const memberPrefetcher = createMemberPrefetcher(directory, logger);
  lifecycle.onStop("member prefetcher", () => memberPrefetcher.stop());
  const rooms = createRoomRequests({ ...deps, ...delivery, changes });
  const authExpiry = createAuthExpiry(deps);
  const receive = createClientEvents({ ...deps, ...delivery, rooms, touch, authExpiry });
  const selfNotices = createSelfNotices(deps);
  lifecycle.onStop("self notices", () => selfNotices.stop());
  serveConnections(io, {
    ...deps,
    ...delivery,
    log,
    profiles,
    changes,
    memberPrefetcher,
    receive,
    authExpiry,
    selfNotices,
  });
  const slowSockets = dropSlowSockets(deps);
  lifecycle.onStop("slow sockets", () => slowSockets.stop());
  const recheck = recheckConnections({ ...deps, changes });
  lifecycle.onStop("recheck", () => recheck.stop());
  const reconciliation = reconcileConnections({ ...deps, log });
  lifecycle.onStop("reconciliation", () => reconciliation.stop());
  const commands = handleCommands({ ...deps, log });
  lifecycle.onStop("commands", () => commands.stop());
  return { commands, reconciliation, selfNotices };
}
