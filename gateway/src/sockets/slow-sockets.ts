import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Connection, Connections } from "./connections.ts";

/** What may wait for one socket that does not take it, beyond what its network holds. */
const WAITING_MAX_FRAMES = 1_000;
const WAITING_MAX_CHARS = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;

/**
 * Closes sockets that take what they are sent more slowly than it comes, a burst aside, so that nobody's backlog fills this
 * process: their clients come back to a fresh snapshot. The log hears `slow consumer`, a connection lost.
 */
export function dropSlowSockets(deps: { connections: Connections; logger: Logger }): { stop(): void } {
  const { connections, logger } = deps;
  /** those for whom too much waited at the last look */
  let suspects = new Set<Connection>();
  const timer = setInterval(() => {
    const suspectsBefore = suspects;
    suspects = new Set();
    for (const connection of connections.all()) {
      const { frames, chars } = waitingFor(connection);
      if (frames <= WAITING_MAX_FRAMES && chars <= WAITING_MAX_CHARS) continue;
      suspects.add(connection);
      if (!suspectsBefore.has(connection)) continue;
      logger.warn({ connectionId: connection.id, frames, chars }, "socket too slow: closed");
      connection.closeReason = "slow consumer";
      connection.socket.conn.close(true);
    }
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

function waitingFor({ socket }: Connection): { frames: number; chars: number } {
  // biome-ignore lint/complexity/useLiteralKeys: private in Engine.IO, which has no public word for what waits
  const waiting: { data?: unknown }[] = socket.conn["writeBuffer"];
  const chars = waiting.reduce((sum, { data }) => sum + (typeof data === "string" ? data.length : 0), 0);
  return { frames: waiting.length, chars };
}
