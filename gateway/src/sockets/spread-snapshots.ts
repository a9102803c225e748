import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Connection, Connections } from "./connections.ts";
import type { Snapshots } from "./snapshots.ts";

/** Sends each of many connections its view again, spread over some seconds (CONTRACT 4). */
export type SpreadSnapshots = (to: readonly Connection[]) => void;

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
    // Whoever is not welcomed yet gets a snapshot with the welcome.
    const open = to.filter(({ isWelcomed }) => isWelcomed);
    const spread = Math.min(SPREAD_MAX_MS, open.length * SPREAD_PER_SOCKET_MS);
    for (const connection of open) {
      setTimeout(() => {
        if (!connections.has(connection)) return;
        snapshots.send(connection).catch((error) => logger.error({ err: error }, "snapshot not sent"));
      }, Math.random() * spread);
    }
  };
}
