import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PresenceServer } from "../connections/socket-server.ts";
import { HEADER_MAX_BYTES } from "../core/http-limits.ts";
import { holderOf, sessionIdOf } from "../core/session-id.ts";
import { createForwarder, type ForwarderConfig, KEEP_ALIVE_MS } from "./forwarder.ts";
import { socketOf } from "./place.ts";

/**
 * A polling session is many requests, of which each may come to another process of the port. Its id names the process
 * that holds it; the others pass its requests on by a socket that only these processes can reach. No byte of a
 * client is looked at before its process has the connection, so none can be lost.
 */
export interface SessionRoutes {
  /** From now on siblings can pass requests on to this process. */
  listen(): Promise<void>;
  close(): void;
}

/** Call it after Socket.IO was attached to `http`. */
export function routeSessions(
  io: PresenceServer,
  http: Server,
  config: ForwarderConfig & { socketPath: string },
  logger: Logger,
): SessionRoutes {
  const { place } = config;
  const forwarder = createForwarder(config, logger);
  const newId = io.engine.generateId.bind(io.engine);
  io.engine.generateId = async (request: IncomingMessage) => sessionIdOf(place.number, await newId(request));

  const onRequest = takeListeners(http, "request");
  const onUpgrade = takeListeners(http, "upgrade");
  const path = config.socketPath.replace(/\/$/, "");
  const siblingOf = ({ url = "" }: IncomingMessage): number | null => {
    const holder = url.startsWith(path) ? holderOf(url, place.processes) : null;
    return holder === place.number ? null : holder;
  };
  http.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const sibling = siblingOf(request);
    if (sibling === null) onRequest(request, response);
    else forwarder.request(sibling, request, response);
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const sibling = siblingOf(request);
    if (sibling === null) onUpgrade(request, socket, head);
    else forwarder.upgrade(sibling, request, socket, head);
  });

  // What comes from siblings is served here, whatever id it has: nothing is passed on twice.
  const inner = createServer({ maxHeaderSize: HEADER_MAX_BYTES, keepAliveTimeout: KEEP_ALIVE_MS });
  inner.on("request", onRequest);
  inner.on("upgrade", onUpgrade);
  return {
    async listen() {
      const own = socketOf(place.directory, place.number);
      // A process that was killed leaves its socket behind.
      await rm(own, { force: true });
      const listening = Promise.withResolvers<void>();
      inner.once("error", listening.reject);
      // `exclusive`: otherwise the primary would listen, for every process.
      inner.listen({ path: own, exclusive: true }, listening.resolve);
      await listening.promise;
    },
    close() {
      forwarder.close();
      inner.close();
      inner.closeAllConnections();
    },
  };
}

/** What has listened so far, as one function. */
function takeListeners(http: Server, event: "request" | "upgrade"): (...args: unknown[]) => void {
  const listeners = http.listeners(event);
  http.removeAllListeners(event);
  return (...args) => {
    for (const listener of listeners) listener.apply(http, args);
  };
}
