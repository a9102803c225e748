import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { request } from "./client/requests.ts";
import { type Watch, type WatchHandle, watch } from "./client/watch.ts";
import { PresenceError } from "./codes.ts";
import {
  type AccountRequest,
  type AvailabilityRequest,
  type MembershipRequest,
  QUERY_MAX,
  type SessionRequest,
} from "./service-requests.ts";
import type { StatusMessage, UserStatus } from "./status.ts";

/**
 * Presence for other services, over NATS (CONTRACT 7). Requests reject with `PresenceError`, whose `code` is of
 * the catalogue in `codes.ts`: `bad_request`, `rate_limited`, `unavailable`, … Each may be repeated.
 */
export interface PresenceClient {
  /**
   * The statuses of these users, one for each id, in their order, as `viewerId` may see them; without a viewer
   * as a user who shares a conversation may. Any number of ids: they are asked for 500 at a time.
   */
  get(userIds: readonly string[], viewerId?: string): Promise<UserStatus[]>;
  /** The person did something. Keeps a person with an open connection online; opens none. User `service`. */
  activity(userId: string): Promise<void>;
  /**
   * What a service, `source`, says of the person; null: nothing any more. Each source has one claim at a time, shown
   * unless the person has chosen something. It ends by itself at `expiresAt` (ISO-8601) or after `expiresInMs`. User
   * `service`.
   */
  setAvailability(userId: string, wish: Omit<AvailabilityRequest, "userId">): Promise<void>;
  /**
   * Keeps the person online without a socket for `ttlS` seconds (30 to 14,400), which each call renews; 0 ends it.
   * With `keepOnline` whether they do something or not. Gives when it ends by itself. User `service`.
   */
  session(userId: string, session: Omit<SessionRequest, "userId">): Promise<{ expiresAt: string | null }>;
  /** The person has joined or left a conversation: gateways re-read the directory. User `service`. */
  membershipChanged(
    userId: string,
    conversationId: string,
    change: MembershipRequest["change"],
  ): Promise<void>;
  /** The account has changed; `deleted` purges status, state and history. User `service`. */
  accountChanged(userId: string, change: AccountRequest["change"]): Promise<void>;
  /**
   * Delivers the present status of each of these users, then every change: each newer than the one before, none
   * missing, across reconnects. A user without a stored status is delivered as offline, with version 0. Statuses are
   * delivered as published, before any viewer's or person's preferences: filter them before people see them.
   *
   * Without `userIds`: all users' changes from now on. After a break the users delivered before are brought up to
   * date; one who changed for the first time during it is delivered at the next change.
   * @throws {RangeError} one of `userIds` is empty or too long
   */
  watch(userIds: readonly string[] | undefined, onStatus: (status: StatusMessage) => void): Watch;
  /** Ends every watch, and the connection if the client has opened it. */
  close(): Promise<void>;
}

/** Where the broker is and as which user, or a connection that is open already. */
export type PresenceClientOptions = (
  | { servers: string | string[]; user: string; password: string }
  /** a connection of one's own, opened with `inboxPrefix: "_INBOX_<user>"`; it stays open */
  | { nc: NatsConnection }
) & {
  /** Receives errors without a caller: unreadable messages, refused permissions, what `onStatus` throws. */
  onError?: (error: unknown) => void;
};

/**
 * Connects, and stays connected until `close`. A server that is not there yet is not waited for.
 * @throws {AuthorizationError} the server refuses the user
 * @throws {Error} no server can be reached
 */
export async function createPresenceClient(options: PresenceClientOptions): Promise<PresenceClient> {
  const onError = options.onError ?? ((error) => console.error("presence:", error));
  const isOwn = !("nc" in options);
  const nc = isOwn ? await open(options) : options.nc;
  const watches = new Set<WatchHandle>();
  void (async () => {
    for await (const status of nc.status()) {
      if (status.type === "reconnect") for (const one of watches) one.catchUp();
      if (status.type === "error" && isOwn) onError(status.error);
    }
  })();

  return {
    async get(userIds, viewerId) {
      const batches = Array.from({ length: Math.ceil(userIds.length / QUERY_MAX) }, (_, n) =>
        userIds.slice(n * QUERY_MAX, (n + 1) * QUERY_MAX),
      );
      return (await Promise.all(batches.map((ids) => query(nc, ids, viewerId)))).flat();
    },
    async activity(userId) {
      await request(nc, "presence.activity", { userId });
    },
    async setAvailability(userId, wish) {
      await request(nc, "presence.availability", { userId, ...wish });
    },
    session: (userId, session) => request(nc, "presence.session", { userId, ...session }),
    async membershipChanged(userId, conversationId, change) {
      await request(nc, "presence.membership", { userId, conversationId, change });
    },
    async accountChanged(userId, change) {
      await request(nc, "presence.account", { userId, change });
    },
    watch(userIds, onStatus) {
      const ids = userIds && [...new Set(userIds)];
      const handle = watch({ nc, userIds: ids, onStatus, onError });
      watches.add(handle);
      return {
        ready: handle.ready,
        stop() {
          handle.stop();
          watches.delete(handle);
        },
      };
    },
    async close() {
      for (const one of watches) one.stop();
      watches.clear();
      if (isOwn) await nc.close();
    },
  };
}

/** Where names are long an answer may be too large for one message: then half of them are asked at a time. */
async function query(
  nc: NatsConnection,
  userIds: readonly string[],
  viewerId: string | undefined,
): Promise<UserStatus[]> {
  const viewer = viewerId === undefined ? {} : { viewerId };
  try {
    const { users } = await request(nc, "presence.query", { userIds: [...userIds], ...viewer });
    return users;
  } catch (error) {
    const isTooLarge = error instanceof PresenceError && error.code === "payload_too_large";
    if (!isTooLarge || userIds.length < 2) throw error;
    const half = Math.ceil(userIds.length / 2);
    const halves = [userIds.slice(0, half), userIds.slice(half)];
    return (await Promise.all(halves.map((ids) => query(nc, ids, viewerId)))).flat();
  }
}

const open = ({ servers, user, password }: { servers: string | string[]; user: string; password: string }) =>
  connect({
    servers,
    user,
    pass: password,
    name: "presence-client",
    inboxPrefix: `_INBOX_${user}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    pingInterval: 5_000,
  });
