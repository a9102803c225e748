import type { Profile } from "@meeshy/shared/events";
import type { Gauge } from "prom-client";
import type { Identity } from "../auth/authenticate.ts";
import type { PresenceSocket } from "./socket-server.ts";

/** One open socket of a person. Its id outlives the gateway's own lives in the log. */
export interface Connection {
  readonly id: string;
  readonly userId: string;
  identity: Identity;
  /** whose rooms the socket is in */
  conversationIds: readonly string[];
  /** conversations of the person that this socket has left */
  readonly left: Set<string>;
  /** whom the person has blocked or is blocked by, as far as this socket has been told */
  blocked: ReadonlySet<string>;
  profile: Profile;
  /** what was known of the directory's changes when the three above were read */
  directoryVersion: number;
  readonly device: string | null;
  readonly socket: PresenceSocket;
  /** when it was opened, ms since 1970 */
  readonly since: number;
  /** monotonic ms */
  lastActivityAt: number;
  /** the latest announcement to the log */
  announced: Promise<number> | undefined;
  /** where the log has it under the present life of this gateway: undefined until it is acknowledged */
  logged: { seq: number; gatewayId: string } | undefined;
  /** why this gateway closed the socket; Socket.IO's own reason otherwise */
  closeReason: string | undefined;
  /** told that it is in the log */
  isWelcomed: boolean;
}

/** The open connections of this process. */
export interface Connections {
  add(connection: Connection): void;
  remove(connection: Connection): void;
  has(connection: Connection): boolean;
  get(connectionId: string): Connection | undefined;
  ofSocket(socketId: string): Connection | undefined;
  all(): Connection[];
  of(userId: string): Connection[];
  /** everyone with a connection here */
  userIds(): string[];
  /** Notes an activity on every connection of a user; `now` is monotonic ms. */
  touch(userId: string, now: number): void;
  count(): { connections: number; users: number };
}

export function createConnections(gauge: Gauge): Connections {
  const byId = new Map<string, Connection>();
  const bySocket = new Map<string, Connection>();
  const byUser = new Map<string, Set<Connection>>();
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
  };
}
