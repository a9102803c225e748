import { setImmediate as nextTurn } from "node:timers/promises";
import type { Connections } from "../connections/connections.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { Outlet } from "../emitter/outlet.ts";

/** Clients that come back within this share of the grace are never seen to leave. */
const SPREAD_OF_GRACE = 0.5;

/**
 * Sends everyone elsewhere: `server:draining`, then the transports close, so that stock clients reconnect.
 * The log receives `server shutting down` for each connection.
 */
export async function drain(
  io: PresenceServer,
  outlet: Outlet,
  connections: Connections,
  { graceMs }: { graceMs: number },
): Promise<void> {
  for (const { socket } of connections.all()) {
    const reconnectAfterMs = Math.round(Math.random() * graceMs * SPREAD_OF_GRACE);
    outlet.send([socket.id], () => socket.emit("server:draining", { reconnectAfterMs }));
  }
  await outlet.flush();
  await nextTurn();
  await io.close();
}
