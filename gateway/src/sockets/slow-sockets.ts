import type { Logger } from "@meeshy/shared/runtime/logger";
import { closeConnection } from "../connections/close-connection.ts";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import { waitingFor } from "../connections/engine-internals.ts";

/** What may wait for one socket that does not take it, beyond what its network holds. */
const WAITING_MAX_FRAMES = 1_000;
const WAITING_MAX_CHARS = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;

/**
 * Closes sockets that take what they are sent more slowly than it comes, a burst aside, so that no backlog fills this
 * process: their clients come back to a fresh snapshot. The log receives `slow consumer`, a connection lost.
 */
export function dropSlowSockets(deps: { connections: Connections; logger: Logger }): { stop(): void } {
  const { connections, logger } = deps;
  /** those for whom too much waited at the last look */
  let suspects = new Set<ClientConnection>();
  const timer = setInterval(() => {
    const suspectsBefore = suspects;
    suspects = new Set();
    for (const connection of connections.all()) {
      const { frames, chars } = waitingFor(connection.socket);
      if (frames <= WAITING_MAX_FRAMES && chars <= WAITING_MAX_CHARS) continue;
      suspects.add(connection);
      if (!suspectsBefore.has(connection)) continue;
      logger.warn({ connectionId: connection.id, frames, chars }, "socket too slow: closed");
      closeConnection(connection, "slow consumer");
    }
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
