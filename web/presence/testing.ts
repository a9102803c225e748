import type { ConnectionEvent } from "./connection.ts";
import { type AvailabilityWish, createPresence, type Presence } from "./presence.ts";
import { PresenceRequestError } from "./rest.ts";
import type { Occupancy, UserStatus } from "./wire.ts";

/** A presence for component tests: no network, no time but the given one, and everything at once. */
export interface FakePresence extends Presence {
  /** Shows a person as given, online if nothing else is said, as news of the feed. */
  setUser(userId: string, part?: Partial<UserStatus>): void;
  /** The members of a conversation, as HTTP answers. */
  setRoom(conversationId: string, memberIds: readonly string[]): void;
  /** The counts of a large conversation. */
  setOccupancy(count: Occupancy): void;
  /** What becomes of the connection: `{ type: "stale", since }`, `{ type: "lost" }`, `{ type: "snapshot" }`, … */
  setConnection(event: ConnectionEvent): void;
  /** The server's time, ISO 8601; the components' clock follows at once. */
  setServerTime(time: string): void;
  /** What was chosen by `setAvailability`; null: the timed choice was ended. */
  readonly wishes: readonly (AvailabilityWish | null)[];
  /** Whom mounted components watch. */
  watched(): string[];
}

/** A live presence of `self`, who sees no one yet. */
export function createFakePresence({ self = "me" } = {}): FakePresence {
  const rooms = new Map<string, readonly string[]>();
  const places = new Map<string, number>();
  const wishes: (AvailabilityWish | null)[] = [];
  const listeners = new Set<() => void>();
  let version = 0;
  const real = createPresence({ connect: false, url: "http://fake.invalid" });
  const { store } = real;
  const known = (userId: string) => store.getState().users.get(userId) ?? offline(userId);

  const answer = (path: string): unknown => {
    const [, id = ""] = /^\/conversations\/([^/]+)\/presence/.exec(path) ?? [];
    const members = rooms.get(decodeURIComponent(id));
    if (!members) throw new PresenceRequestError({ code: "not_found", message: path, retryable: false });
    const users = members.map(known);
    const online = users.filter(({ isOnline }) => isOnline).length;
    return { users, online, total: users.length, nextCursor: null };
  };

  store.authenticated({ id: self, username: self, isAnonymous: false });
  store.snapshot({ users: [], occupancy: [] });
  return {
    ...real,
    clock: {
      ...real.clock,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    request: async <T>(path: string) => answer(path) as T,
    reconnect: () => store.snapshot({ users: [], occupancy: [] }),
    leave: () => store.connection({ type: "ended", reason: "left" }),
    activity() {},
    watch(userIds) {
      const ids = [...new Set(userIds)];
      for (const id of ids) places.set(id, (places.get(id) ?? 0) + 1);
      return () => {
        for (const id of ids.splice(0)) places.set(id, (places.get(id) ?? 1) - 1);
      };
    },
    async setAvailability(wish) {
      wishes.push(wish);
    },
    async clearAvailability() {
      wishes.push(null);
    },
    setUser(userId, part = {}) {
      version += 1;
      store.statuses([{ ...known(userId), isOnline: true, cause: "connect", epoch: 1, version, ...part }]);
    },
    setRoom: (conversationId, memberIds) => void rooms.set(conversationId, memberIds),
    setOccupancy: (count) => store.occupancy([count]),
    setConnection: store.connection,
    setServerTime(time) {
      real.clock.sync(time);
      for (const listener of listeners) listener();
    },
    wishes,
    watched: () => [...places].filter(([, count]) => count > 0).map(([userId]) => userId),
  };
}

const offline = (userId: string): UserStatus => ({
  userId,
  username: userId,
  displayName: null,
  isAnonymous: false,
  isOnline: false,
  availability: "available",
  statusText: null,
  statusExpiresAt: null,
  lastActiveAt: null,
  lastSeen: null,
  epoch: 0,
  version: 0,
  cause: "disconnect",
  at: null,
});
