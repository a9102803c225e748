import type { Connections } from "../connections/connections.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { Outlet } from "../emitter/outlet.ts";
import { type Stale, staleNotice } from "../status/staleness.ts";
import type { LargeRooms } from "./large-rooms.ts";
import type { SpreadSnapshots } from "./spread-snapshots.ts";

/**
 * Sends every socket since when and why its view may be out of date, or, null, that it is right again, with a fresh
 * snapshot (CONTRACT 4).
 */
export type NoteFreshness = (stale: Stale | null) => void;

export function createFreshnessNotices(deps: {
  io: PresenceServer;
  outlet: Outlet;
  connections: Connections;
  largeRooms: Pick<LargeRooms, "recount">;
  spreadSnapshots: SpreadSnapshots;
}): NoteFreshness {
  const { io, outlet, connections, largeRooms, spreadSnapshots } = deps;
  const everyone = () => connections.all().map(({ socket }) => socket.id);
  return (stale) => {
    if (stale !== null) {
      const notice = staleNotice(stale);
      outlet.send(everyone(), (ids) => io.local.to(ids).emit("presence:stale", notice));
      return;
    }
    largeRooms.recount();
    const fresh = { at: new Date().toISOString() };
    outlet.send(everyone(), (ids) => io.local.to(ids).emit("presence:fresh", fresh));
    spreadSnapshots(connections.all());
  };
}
