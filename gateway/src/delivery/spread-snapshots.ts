import type { Logger } from "@meeshy/shared/runtime/logger";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import type { Snapshots } from "./snapshots.ts";

/** Sends each of many connections its view again, spread over some seconds (CONTRACT 4). */
export type SpreadSnapshots = (to: readonly ClientConnection[]) => void;

/** The spread is at most this, less for few sockets. */
const SPREAD_MAX_MS = 5_000;
const SPREAD_PER_SOCKET_MS = 2;

export function createSpreadSnapshots(deps: {
  connections: Connections;
  snapshots: Snapshots;
  logger: Logger;
}): SpreadSnapshots {
  const { connections, snapshots, logger } = deps;
  return (to) => {
    // A connection that is not ready gets a snapshot when it is set up.
    const open = to.filter(({ isReady }) => isReady);
    const spread = Math.min(SPREAD_MAX_MS, open.length * SPREAD_PER_SOCKET_MS);
    for (const connection of open) {
      setTimeout(() => {
        if (!connections.has(connection)) return;
        snapshots.send(connection).catch((error) => logger.error({ err: error }, "snapshot not sent"));
      }, Math.random() * spread);
    }
  };
}
