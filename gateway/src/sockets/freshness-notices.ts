import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Outlet } from "../rooms/outlet.ts";
import type { Connections } from "./connections.ts";
import type { Snapshots } from "./snapshots.ts";
import type { PresenceServer } from "./socket-server.ts";

/** Snapshots after an outage are spread over at most this time, less for few sockets. */
const SPREAD_MAX_MS = 5_000;
const SPREAD_PER_SOCKET_MS = 2;

/** Tells every socket when the view is out of date, and when it is right again, with a fresh snapshot (CONTRACT 4). */
export function tellFreshness(deps: {
  io: PresenceServer;
  outlet: Outlet;
  feed: StatusFeed;
  connections: Connections;
  snapshots: Snapshots;
  logger: Logger;
}): void {
  const { io, outlet, feed, connections, snapshots, logger } = deps;
  const everyone = () => connections.all().map(({ socket }) => socket.id);
  feed.onStale((since) => {
    if (since !== null) {
      const stale = { since: new Date(since).toISOString() };
      outlet.send(everyone(), (ids) => io.local.to(ids).emit("presence:stale", stale));
      return;
    }
    const fresh = { at: new Date().toISOString() };
    outlet.send(everyone(), (ids) => io.local.to(ids).emit("presence:fresh", fresh));
    // Whoever is not welcomed yet gets a snapshot with the welcome.
    const open = connections.all().filter(({ isWelcomed }) => isWelcomed);
    const spread = Math.min(SPREAD_MAX_MS, open.length * SPREAD_PER_SOCKET_MS);
    for (const connection of open) {
      setTimeout(() => {
        if (!connections.has(connection)) return;
        snapshots.send(connection).catch((error) => logger.error({ err: error }, "snapshot not sent"));
      }, Math.random() * spread);
    }
  });
}
