import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { request } from "./client/requests.ts";
import { type Watch, type WatchHandle, watch } from "./client/watch.ts";
import {
  type AccountRequest,
  type AvailabilityRequest,
  type MembershipRequest,
  QUERY_MAX,
} from "./service-requests.ts";
import type { StatusMessage, UserStatus } from "./status.ts";

/**
 * Presence for other services, over NATS (CONTRACT 7). Requests reject with `PresenceError`, whose `code` is of
 * the catalogue in `codes.ts`: `bad_request`, `rate_limited`, `unavailable`, … Each may be repeated.
 */
export interface PresenceClient {
  /**
   * The statuses of these users, one for each id, in their order, as `viewerId` may see them; without a viewer
   * as anyone who shares a conversation may. Any number of ids: they are asked for 500 at a time.
   */
  get(userIds: readonly string[], viewerId?: string): Promise<UserStatus[]>;
  /** The person did something. Keeps someone with an open connection online; opens none. User `service`. */
  activity(userId: string): Promise<void>;
  /**
   * Sets what the person shows; `invisible` shows as a normal departure. `expiresAt`: ISO-8601, when it ends by
   * itself. User `service`.
   */
  setAvailability(userId: string, wish: Omit<AvailabilityRequest, "userId">): Promise<void>;
  /** The person has joined or left a conversation: gateways re-read the directory. User `service`. */
  membershipChanged(
    userId: string,
    conversationId: string,
    change: MembershipRequest["change"],
  ): Promise<void>;
  /** The account has changed; `deleted` purges status, state and history. User `service`. */
  accountChanged(userId: string, change: AccountRequest["change"]): Promise<void>;
  /**
   * Tells the present status of each of these users, then every change: each newer than the one before, none
   * missing, across reconnects. Somebody of whom nothing is held is told offline, with version 0. What was
   * published is told as it was, before any viewer's or person's preferences: filter it before people see it.
   *
   * Without `userIds`: everyone's changes from now on. After a break those told of before are brought up to
   * date; somebody who changed for the first time during it is told at their next change.
   */
  watch(userIds: readonly string[] | undefined, onStatus: (status: StatusMessage) => void): Watch;
  /** Ends every watch, and the connection if the client has opened it. */
  close(): Promise<void>;
}

export type PresenceClientOptions = (
  | { servers: string | string[]; user: string; password: string }
  /** a connection of one's own, opened with `inboxPrefix: "_INBOX_<user>"`; it stays open */
  | { nc: NatsConnection }
) & {
  /** Hears of what goes wrong without a caller: unreadable messages, refused permissions, what `onStatus` throws. */
  onError?: (error: unknown) => void;
};

/** Connects, and stays connected until `close`. Rejects when the server refuses the user. */
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
      const viewer = viewerId === undefined ? {} : { viewerId };
      const answers = await Promise.all(
        batches.map((ids) => request(nc, "presence.query", { userIds: ids, ...viewer })),
      );
      return answers.flatMap(({ users }) => users);
    },
    async activity(userId) {
      await request(nc, "presence.activity", { userId });
    },
    async setAvailability(userId, wish) {
      await request(nc, "presence.availability", { userId, ...wish });
    },
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
