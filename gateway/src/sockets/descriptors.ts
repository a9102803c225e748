import type { IncomingMessage, Server } from "node:http";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { roomForConnections } from "../core/descriptors.ts";
import type { GatewayMetrics } from "../metrics.ts";

/** Keeps file descriptors back for health, metrics, NATS and the database: clients may use up the others. */
export interface Descriptors {
  /** Whether the client of this request may stay connected; if not, its connection must end with the answer. */
  admits(request: IncomingMessage): boolean;
}

/** `limit`: how many files this process may have open; `undefined`: not known. */
export function guardDescriptors(
  server: Server,
  limit: number | undefined,
  { metrics, logger }: { metrics: GatewayMetrics; logger: Logger },
): Descriptors {
  const room = roomForConnections(limit);
  if (room === undefined) return { admits: () => true };
  metrics.connectionsMax.set(room.accepted);
  // Connections that never become one of Socket.IO, idle ones included, end here.
  server.maxConnections ??= room.open;
  let open = 0;
  /** of those, the ones that are refused and about to end */
  let leaving = 0;
  let isFull = false;
  server.on("connection", (socket) => {
    open++;
    socket.once("close", () => {
      open--;
      if (!isFull || open - leaving >= room.again) return;
      isFull = false;
      logger.info({ open }, "connections are accepted again");
    });
  });
  return {
    admits({ socket }) {
      if (open - leaving <= room.accepted) return true;
      leaving++;
      socket.once("close", () => {
        leaving--;
      });
      if (!isFull)
        logger.warn(
          { limit, ...room },
          "no more connections are accepted: raise the limit of open files (ulimit -n)",
        );
      isFull = true;
      return false;
    },
  };
}
