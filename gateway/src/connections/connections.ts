import type { CloseReasonName } from "@meeshy/shared/close-reasons";
import type { Position, Profile } from "@meeshy/shared/events";
import type { Gauge } from "prom-client";
import type { Identity } from "../auth/authenticate.ts";
import type { Arrival, PresenceSocket } from "./socket-server.ts";

/** One open socket of a person. Its id outlives the gateway's own lives in the log. */
export interface ClientConnection {
  readonly id: string;
  readonly userId: string;
  identity: Identity;
  /** whose rooms the socket is in */
  conversationIds: readonly string[];
  /** conversations of the person that this socket has left */
  readonly left: Set<string>;
  /** whom the person has blocked or is blocked by, by which this socket's view was made */
  blocked: ReadonlySet<string>;
  profile: Profile;
  /** the person's directory version when the three above were read */
  directoryVersion: number;
  readonly device: string | null;
  readonly socket: PresenceSocket;
  /** the context of its handshake; absent: it is not traced */
  readonly traceparent?: string | undefined;
  /** when it was opened, ms since 1970 */
  readonly since: number;
  /** monotonic ms */
  lastActivityAt: number;
  /** how it was opened */
  readonly arrival: Arrival;
  /** it is no sign of life yet */
  isPassive: boolean;
  /** the latest announcement to the log */
  announced: Promise<number> | undefined;
  /** where the log has it under the present life of this gateway: undefined until it is acknowledged */
  logged: { seq: number; gatewayId: string } | undefined;
  /** where the log had it first, under any life of this gateway; undefined: not known for certain; `at`: monotonic ms */
  firstLogged: (Position & { at: number }) | undefined;
  /** why this gateway closed the socket; Socket.IO's own reason otherwise */
  closeReason: CloseReasonName | undefined;
  /** in the log, and `authenticated` has been sent */
  isReady: boolean;
}

/** What the log has to know of a connection: that of a canary has no socket. */
export type LoggedConnection = Pick<
  ClientConnection,
  | "id"
  | "userId"
  | "profile"
  | "directoryVersion"
  | "device"
  | "traceparent"
  | "lastActivityAt"
  | "arrival"
  | "isPassive"
  | "announced"
  | "logged"
  | "firstLogged"
  | "isReady"
>;

/** The open connections of this process. */
export interface Connections {
  add(connection: ClientConnection): void;
  remove(connection: ClientConnection): void;
  has(connection: Pick<ClientConnection, "id">): boolean;
  get(connectionId: string): ClientConnection | undefined;
  ofSocket(socketId: string): ClientConnection | undefined;
  all(): ClientConnection[];
  of(userId: string): ClientConnection[];
  /** everyone with a connection here */
  userIds(): string[];
  /** Notes an activity on every connection of a user; `now` is monotonic ms. */
  touch(userId: string, now: number): void;
  count(): { connections: number; users: number };
  /** how many use which transport now */
  transports(): { websocket: number; polling: number };
}

export function createConnections(gauge: Gauge): Connections {
  const byId = new Map<string, ClientConnection>();
  const bySocket = new Map<string, ClientConnection>();
  const byUser = new Map<string, Set<ClientConnection>>();
  return {
    add(connection) {
      byId.set(connection.id, connection);
      bySocket.set(connection.socket.id, connection);
      gauge.set(byId.size);
      const own = byUser.get(connection.userId);
      if (own) own.add(connection);
      else byUser.set(connection.userId, new Set([connection]));
    },
    remove(connection) {
      byId.delete(connection.id);
      bySocket.delete(connection.socket.id);
      gauge.set(byId.size);
      const own = byUser.get(connection.userId);
      own?.delete(connection);
      if (own?.size === 0) byUser.delete(connection.userId);
    },
    has: (connection) => byId.has(connection.id),
    get: (connectionId) => byId.get(connectionId),
    ofSocket: (socketId) => bySocket.get(socketId),
    all: () => [...byId.values()],
    of: (userId) => [...(byUser.get(userId) ?? [])],
    userIds: () => [...byUser.keys()],
    touch(userId, now) {
      for (const connection of byUser.get(userId) ?? []) connection.lastActivityAt = now;
    },
    count: () => ({ connections: byId.size, users: byUser.size }),
    transports() {
      let websocket = 0;
      for (const { socket } of byId.values()) if (socket.conn.transport.name === "websocket") websocket++;
      return { websocket, polling: byId.size - websocket };
    },
  };
}
