import type { StatusFeed } from "../feed/status-feed.ts";
import type { Outlet } from "../rooms/outlet.ts";
import type { Connections } from "./connections.ts";
import type { PresenceServer } from "./socket-server.ts";
import type { SpreadSnapshots } from "./spread-snapshots.ts";

/** Tells every socket when the view is out of date, and when it is right again, with a fresh snapshot (CONTRACT 4). */
export function tellFreshness(deps: {
  io: PresenceServer;
  outlet: Outlet;
  feed: StatusFeed;
  connections: Connections;
  spreadSnapshots: SpreadSnapshots;
}): void {
  const { io, outlet, feed, connections, spreadSnapshots } = deps;
  const everyone = () => connections.all().map(({ socket }) => socket.id);
  feed.onStale((since) => {
    if (since !== null) {
      const stale = { since: new Date(since).toISOString() };
      outlet.send(everyone(), (ids) => io.local.to(ids).emit("presence:stale", stale));
      return;
    }
    const fresh = { at: new Date().toISOString() };
    outlet.send(everyone(), (ids) => io.local.to(ids).emit("presence:fresh", fresh));
    spreadSnapshots(connections.all());
  });
}
