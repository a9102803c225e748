import type { Server as HttpServer } from "node:http";
import type { ServerToClientEvents } from "@meeshy/shared/socket-events";
import { Server, type Socket } from "socket.io";
import type { Admission } from "./admission.ts";
import type { Admitted } from "./handshake.ts";

/** What clients send is untyped until its schema has read it. */
interface UntrustedEvents {
  [event: string]: (...args: unknown[]) => void;
}
type NoEvents = Record<never, never>;

export type PresenceServer = Server<UntrustedEvents, ServerToClientEvents, NoEvents, Partial<Admitted>>;
export type PresenceSocket = Socket<UntrustedEvents, ServerToClientEvents, NoEvents, Partial<Admitted>>;

type EngineSocket = PresenceSocket["conn"];

export interface SocketServerConfig {
  socketPath: string;
  corsOrigins: string[];
  heartbeat: { pingIntervalMs: number; pingTimeoutMs: number; connectTimeoutMs: number };
}

/** Largest frame a client may send; a larger one closes that client's socket. */
const FRAME_MAX_BYTES = 64 * 1024;

export function createSocketServer(
  http: HttpServer,
  { allowRequest }: Pick<Admission, "allowRequest">,
  config: SocketServerConfig,
): PresenceServer {
  const { socketPath, corsOrigins, heartbeat } = config;
  const io: PresenceServer = new Server(http, {
    path: socketPath,
    serveClient: false,
    pingInterval: heartbeat.pingIntervalMs,
    pingTimeout: heartbeat.pingTimeoutMs,
    connectTimeout: heartbeat.connectTimeoutMs,
    allowRequest,
    maxHttpBufferSize: FRAME_MAX_BYTES,
    ...(corsOrigins.length === 0 ? {} : { cors: { origin: corsOrigins.includes("*") ? true : corsOrigins } }),
  });
  sendTogether(io);
  return io;
}

/**
 * Frames that leave a socket in one go cost one system call, not one each. Whoever began with polling still has
 * the first request's socket here, where corking changes nothing.
 */
function sendTogether({ engine }: PresenceServer): void {
  engine.on("flush", ({ request }: EngineSocket, { length }: unknown[]) => {
    if (length > 1) request.socket.cork();
  });
  engine.on("drain", ({ request }: EngineSocket) => void request.socket.uncork());
}
