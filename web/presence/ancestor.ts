import { useMemo } from "react";
import type { ConnectionState, StaleReason } from "./connection.ts";
import { isFeedLive } from "./connection.ts";
import { useConnectionState, usePresenceState } from "./hooks.ts";
import { getLastSeenText } from "./last-seen.ts";
import type { Presence, PresenceSocket } from "./presence.ts";
import { usePresenceContext } from "./provider.tsx";
import { readStatuses } from "./read-wire.ts";
import { getUserStatus, type StatusView } from "./status.ts";
import type { View } from "./view.ts";
import type { UserStatus } from "./wire.ts";

/** Names of CONTRACT 10 that applications of before import. */

/** What {@link useUsersService} gives. */
export interface UsersService {
  users: View;
  /** Takes what the application has read by itself; it counts if it is newer. */
  updateUserStatus(status: UserStatus): void;
  /** How the person is shown now. */
  getUserStatus(userId: string): StatusView;
  /** Whether the person is online for sure. */
  isUserOnline(userId: string): boolean;
  /** When the person was last there, in words. */
  getLastSeenText(userId: string): string;
  /** Reads these people's statuses over HTTP. @throws {PresenceRequestError} refused, or no answer */
  refreshUserStatus(...userIds: string[]): Promise<void>;
}

/** The people who are known, and how they are shown; with `select` a part of it. */
export function useUsersService(): UsersService;
export function useUsersService<T>(select: (service: UsersService) => T): T;
export function useUsersService<T>(select?: (service: UsersService) => T): T | UsersService {
  const { presence, locale } = usePresenceContext();
  const users = usePresenceState((state) => state.users);
  const connection = useConnectionState();
  const service = useMemo(
    () => createUsersService(presence, users, isFeedLive(connection), locale),
    [presence, users, connection, locale],
  );
  return select ? select(service) : service;
}

function createUsersService(presence: Presence, users: View, live: boolean, locale: string): UsersService {
  const { store, clock, request } = presence;
  return {
    users,
    updateUserStatus: (status) => store.fill(readStatuses([status])),
    getUserStatus: (userId) => getUserStatus(users.get(userId), clock.now(), { live, locale }),
    isUserOnline: (userId) =>
      getUserStatus(users.get(userId), clock.now(), { live }).status === "online" && live,
    getLastSeenText: (userId) => getLastSeenText(users.get(userId), clock.now(), { live, locale }),
    async refreshUserStatus(...userIds) {
      const ids = userIds.map((id) => encodeURIComponent(id)).join(",");
      const read = await request<{ users: unknown }>(`/users/presence?ids=${ids}`);
      store.statuses(readStatuses(read.users));
    },
  };
}

/** The socket, and how to connect and leave. */
export function useSocketIO(): {
  socket: PresenceSocket;
  isConnected: boolean;
  /** Connects again. */
  connect: () => void;
  /** Leaves cleanly. */
  disconnect: () => void;
} {
  const { presence } = usePresenceContext();
  const { phase } = useConnectionState();
  return {
    socket: presence.socket,
    isConnected: phase === "live" || phase === "stale",
    connect: presence.reconnect,
    disconnect: presence.leave,
  };
}

/** Whether statuses are live. `reason`: why they may be old. */
export function useRealtimeStatus(): {
  phase: ConnectionState["phase"];
  isLive: boolean;
  stale: boolean;
  reason: StaleReason | null;
} {
  const connection = useConnectionState();
  const isLive = isFeedLive(connection);
  return {
    phase: connection.phase,
    isLive,
    stale: !isLive,
    reason: connection.phase === "stale" ? connection.reason : null,
  };
}
