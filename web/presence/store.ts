import { createStore, type StoreApi } from "zustand/vanilla";
import {
  advance,
  type ConnectionEvent,
  type ConnectionState,
  INITIAL_CONNECTION,
  isFeedLive,
} from "./connection.ts";
import type { Room } from "./rooms.ts";
import { acceptNewer, fillIn, replaceNamed, replaceView, type View } from "./view.ts";
import type {
  Choices,
  Occupancy,
  OwnConnection,
  PresenceSelf,
  PresenceSnapshot,
  UserStatus,
} from "./wire.ts";

/** Who is signed in; the rest once the server has said it. */
export interface Self {
  id: string;
  username: string | null;
  isAnonymous: boolean;
  /** as others see the person */
  user?: UserStatus;
  choices?: Choices;
  connections?: OwnConnection[];
}

/** All that is known. */
export interface PresenceState {
  /** Who is signed in; null before the first `authenticated`. */
  self: Self | null;
  users: View;
  /** Counts of large conversations, by id. */
  occupancy: ReadonlyMap<string, Occupancy>;
  /** What was read of conversations' members, by id. */
  rooms: ReadonlyMap<string, Room>;
  connection: ConnectionState;
  /** Full snapshots so far: each is a moment at which whatever was read by REST may be out of date. */
  snapshots: number;
  /** Snapshots so far, partial ones included: visibility or membership may have changed. */
  views: number;
}

/** The viewer's picture of other people and of the connection. Uses neither React nor the network. */
export interface PresenceStore
  extends Pick<StoreApi<PresenceState>, "getState" | "getInitialState" | "subscribe"> {
  /** The server has accepted the handshake of this person. */
  authenticated(self: Self): void;
  /** `presence:self` */
  self(self: Partial<PresenceSelf>): void;
  /** `presence:snapshot`, full or partial */
  snapshot(snapshot: PresenceSnapshot): void;
  /** `presence:occupancy` */
  occupancy(counts: readonly Occupancy[]): void;
  /** What was read of a conversation. */
  room(conversationId: string, room: Room): void;
  /** News from the feed, `user:status` or `user:status:batch`, and answers of the connection that brings it. */
  statuses(statuses: readonly UserStatus[]): void;
  /** Statuses read by the application over HTTP, some time ago. */
  fill(statuses: readonly UserStatus[]): void;
  /** What becomes of the connection. */
  connection(event: ConnectionEvent): void;
}

export function createPresenceStore(): PresenceStore {
  const store = createStore<PresenceState>(() => ({
    self: null,
    users: new Map(),
    occupancy: new Map(),
    rooms: new Map(),
    connection: INITIAL_CONNECTION,
    snapshots: 0,
    views: 0,
  }));
  const { getState, getInitialState, setState, subscribe } = store;
  return {
    getState,
    getInitialState,
    subscribe,
    authenticated: (self) =>
      setState(({ self: known, users, rooms }) =>
        known === null || known.id === self.id
          ? { self: { ...known, ...self } }
          : // Another person's view: nothing of the last one's may stay.
            { self, users: users.size > 0 ? new Map() : users, rooms: rooms.size > 0 ? new Map() : rooms },
      ),
    self: (details) => setState(({ self }) => (self === null ? {} : { self: { ...self, ...details } })),
    snapshot: ({ users, occupancy, partial }) =>
      setState((state) =>
        partial
          ? { users: replaceNamed(state.users, users), views: state.views + 1 }
          : {
              users: replaceView(state.users, users),
              occupancy: new Map(occupancy.map((count) => [count.conversationId, count])),
              connection: advance(state.connection, { type: "snapshot" }),
              snapshots: state.snapshots + 1,
              views: state.views + 1,
            },
      ),
    occupancy: (counts) =>
      setState((state) => {
        const occupancy = new Map(state.occupancy);
        for (const count of counts) occupancy.set(count.conversationId, count);
        return { occupancy };
      }),
    room: (id, room) => setState(({ rooms }) => ({ rooms: new Map(rooms).set(id, room) })),
    statuses: (statuses) => setState((state) => ({ users: acceptNewer(state.users, statuses) })),
    fill: (statuses) =>
      setState((state) => ({ users: fillIn(state.users, statuses, isFeedLive(state.connection)) })),
    connection: (event) => setState((state) => ({ connection: advance(state.connection, event) })),
  };
}
