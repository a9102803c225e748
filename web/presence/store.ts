import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { createStore, type StoreApi } from "zustand/vanilla";
import {
  advance,
  type ConnectionEvent,
  type ConnectionState,
  INITIAL_CONNECTION,
  isFeedLive,
} from "./connection.ts";
import { acceptNewer, fillIn, replaceNamed, replaceView, type View } from "./view.ts";

export interface Self {
  id: string;
  username: string | null;
  isAnonymous: boolean;
}

export interface PresenceState {
  /** Who is signed in; null before the first `authenticated`. */
  self: Self | null;
  users: View;
  connection: ConnectionState;
  /** Full snapshots so far: each is a moment at which whatever was read by REST may be out of date. */
  snapshots: number;
}

/** The viewer's picture of other people and of the connection. Uses neither React nor the network. */
export interface PresenceStore
  extends Pick<StoreApi<PresenceState>, "getState" | "getInitialState" | "subscribe"> {
  authenticated(self: Self): void;
  snapshot(snapshot: PresenceSnapshot): void;
  /** News from the feed, `user:status` or `user:status:batch`. */
  statuses(statuses: readonly UserStatus[]): void;
  /** Statuses read by REST. */
  fill(statuses: readonly UserStatus[]): void;
  connection(event: ConnectionEvent): void;
}

export function createPresenceStore(): PresenceStore {
  const store = createStore<PresenceState>(() => ({
    self: null,
    users: new Map(),
    connection: INITIAL_CONNECTION,
    snapshots: 0,
  }));
  const { getState, getInitialState, setState, subscribe } = store;
  return {
    getState,
    getInitialState,
    subscribe,
    authenticated: (self) => setState({ self }),
    snapshot: ({ users, partial }) =>
      setState((state) =>
        partial
          ? { users: replaceNamed(state.users, users) }
          : {
              users: replaceView(state.users, users),
              connection: advance(state.connection, { type: "snapshot" }),
              snapshots: state.snapshots + 1,
            },
      ),
    statuses: (statuses) => setState((state) => ({ users: acceptNewer(state.users, statuses) })),
    fill: (statuses) =>
      setState((state) => ({ users: fillIn(state.users, statuses, isFeedLive(state.connection)) })),
    connection: (event) => setState((state) => ({ connection: advance(state.connection, event) })),
  };
}
