import type { Server as HttpServer } from "node:http";
import type { Profile } from "@meeshy/shared/events";
import type { ServerToClientEvents } from "@meeshy/shared/socket-events";
import { Server, type ServerOptions, type Socket } from "socket.io";
import type { Identity } from "../auth/authenticate.ts";
import { sendFramesTogether } from "./engine-internals.ts";

/** What a handshake says of the person behind it (CONTRACT 3). */
export interface Arrival {
  /** the client has connected again by itself: no one has done anything for it */
  isResumed: boolean;
  /** its client says that it has not: the person has just opened it. Absent: it says nothing. */
  saysNew?: true;
  /** no sign of life until an activity over it */
  isPassive: boolean;
  /** how long ago the person did something, ms; of a person who has just come 0 */
  idleMs: number;
}

/** What an accepted handshake established about its socket. */
export interface Admitted {
  identity: Identity;
  conversationIds: string[];
  profile: Profile;
  blocked: ReadonlySet<string>;
  directoryVersion: number;
  device: string | null;
  arrival: Arrival;
  /** the context of its handshake, in which what it causes is traced */
  traceparent: string | undefined;
  /** Sends what is held back until the socket has its first view, the answer to its CONNECT first. */
  sendHeld: () => void;
}

/** What clients send is untyped until its schema has read it. */
interface UntrustedEvents {
  [event: string]: (...args: unknown[]) => void;
}
type NoEvents = Record<never, never>;

export type PresenceServer = Server<UntrustedEvents, ServerToClientEvents, NoEvents, Partial<Admitted>>;
export type PresenceSocket = Socket<UntrustedEvents, ServerToClientEvents, NoEvents, Partial<Admitted>>;

export interface SocketServerConfig {
  socketPath: string;
  corsOrigins: string[];
  heartbeat: { pingIntervalMs: number; pingTimeoutMs: number; connectTimeoutMs: number };
}

/** Largest frame, in bytes, that a client may send; a larger one closes that client's transport. */
export const FRAME_MAX_BYTES = 64 * 1024;

/** Clients can reach it once {@link attachSocketServer} has put it onto an HTTP server. */
export function createSocketServer(
  { allowRequest }: Required<Pick<ServerOptions, "allowRequest">>,
  config: SocketServerConfig,
  adapter?: ServerOptions["adapter"],
): PresenceServer {
  const { socketPath, corsOrigins, heartbeat } = config;
  return new Server({
    path: socketPath,
    serveClient: false,
    pingInterval: heartbeat.pingIntervalMs,
    pingTimeout: heartbeat.pingTimeoutMs,
    connectTimeout: heartbeat.connectTimeoutMs,
    allowRequest,
    maxHttpBufferSize: FRAME_MAX_BYTES,
    ...(adapter ? { adapter } : {}),
    ...(corsOrigins.length === 0 ? {} : { cors: { origin: corsOrigins.includes("*") ? true : corsOrigins } }),
  });
}

export function attachSocketServer(io: PresenceServer, http: HttpServer): void {
  io.attach(http);
  sendFramesTogether(io);
}
