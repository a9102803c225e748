import { io, type Socket } from "socket.io-client";
import { watchActivity } from "./activity.ts";
import { createPresenceClock, type PresenceClock } from "./clock.ts";
import { createCredentials, type Source } from "./credentials.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { createLink } from "./link.ts";
import { readStatuses } from "./read-wire.ts";
import { receive } from "./receive.ts";
import { createRequest, type Request } from "./rest.ts";
import { createPresenceStore, type PresenceStore } from "./store.ts";
import { isPageVisible, watchWaking } from "./waking.ts";
import { createWatching } from "./watching.ts";
import type {
  Acknowledgement,
  Availability,
  ClientToServerEvents,
  ServerToClientEvents,
  UserStatus,
} from "./wire.ts";

export type PresenceSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** How to connect; everything may be left out but a credential. */
export interface PresenceOptions {
  /** A JWT, or a function that gives one: asked at each connect, and before the token runs out (CONTRACT 3). */
  token?: Source;
  /** In place of `token`: the session of an anonymous participant. */
  sessionToken?: Source;
  /** Origin of the gateway; by default the page's own. */
  url?: string;
  /** The server's `SOCKET_PATH`. */
  path?: string;
  /** Where the REST interface is, below `url`. */
  apiPath?: string;
  /** `false`: nothing is opened before `reconnect()`. */
  connect?: boolean;
  /** How this connection is called where connections are listed. */
  device?: string;
  /** Asked at each connect: the W3C context (`traceparent`) of the application's trace that the connect belongs to. */
  traceparent?: () => string | undefined;
  /** Where signs of the person's activity are seen; by default the document. */
  activityTarget?: EventTarget;
  /** At most one activity is sent in this time, in ms. */
  activityEveryMs?: number;
  /** How long the picture stays as it is while the connection is lost, in ms. */
  holdMs?: number;
  /** In place of the global `fetch`. */
  fetch?: typeof fetch;
}

/** What a person chooses to be shown as; with an end it is the timed choice, without one the standing choice. */
export interface AvailabilityWish {
  availability: Availability;
  /** at most 140 characters */
  statusText?: string | null;
  /** ISO 8601 */
  expiresAt?: string;
  /** in place of `expiresAt` */
  expiresInMs?: number;
}

/** A connection, and the picture of other people that it keeps true. */
export interface Presence {
  store: PresenceStore;
  /** The server's time, by which ages are said. */
  clock: PresenceClock;
  socket: PresenceSocket;
  /** Connects: for the first time, again after a refusal, or after the connection has ended. */
  reconnect(): void;
  /** Leaves cleanly: other people see this person offline at once, not after the grace of a lost connection. */
  leave(): void;
  /** The person did something: for hosts without a document, like React Native. */
  activity(): void;
  /** Keeps these people's statuses true, whatever the feed covers, until what it gives is called. */
  watch(userIds: readonly string[]): () => void;
  /** @throws {PresenceRequestError} refused, or no answer */
  setAvailability(wish: AvailabilityWish): Promise<void>;
  /** Ends the timed choice. @throws {PresenceRequestError} refused, or no answer */
  clearAvailability(): Promise<void>;
  /** Requests to the REST interface as this person. */
  request: Request;
}

const ANSWER_MS = 5_000;
/** After waking an answer has to come within this time, ms, or the connection is opened anew. */
const WAKE_ANSWER_MS = 1_000;

/** Connects unless `connect` is false, keeps connected and keeps `store` true. Call `leave()` to end it. */
export function createPresence(options: PresenceOptions = {}): Presence {
  const { url = "", apiPath = "/api", activityEveryMs = 15_000, holdMs = 5_000 } = options;
  const store = createPresenceStore();
  const clock = createPresenceClock();
  const credentials = createCredentials(options.token, options.sessionToken);
  const request = createRequest(url + apiPath, credentials, options.fetch ?? ((...given) => fetch(...given)));
  const activity = watchActivity(
    options.activityTarget ?? globalThis.document,
    () => {
      if (!socket.connected) return false;
      socket.emit("activity");
      return true;
    },
    { everyMs: activityEveryMs },
  );
  const socket: PresenceSocket = io(url, {
    path: options.path ?? "/socket.io/",
    // A window that is closed while it polls leaves no trace until the ping timeout; polling is for networks
    // that let no websocket through.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    // Each presence has its own connection: a shared one would keep the credentials of the first.
    forceNew: true,
    autoConnect: false,
    auth: (send) => link.authenticate(send),
  });
  const link = createLink({ socket, store, clock, credentials, activity, holdMs, ...hello(options) });

  /** An answer of the server. Rejects without a connection, without an answer in time, and when it refuses. */
  const ask = async (
    event: "presence:watch" | "presence:unwatch",
    userIds: string[],
    withinMs: number,
  ): Promise<UserStatus[]> => {
    if (!socket.connected) throw new Error("not connected");
    const answer: Acknowledgement<{ users: UserStatus[] }> = await socket
      .timeout(withinMs)
      .emitWithAck(event, { userIds });
    if (!answer.success) throw new Error(answer.error.code);
    return readStatuses(answer.data?.users);
  };
  const heartbeat = createHeartbeat({
    // It changes nothing, is no activity, and is answered behind all that was sent before.
    ask: (withinMs) => ask("presence:watch", [], withinMs),
    isVisible: isPageVisible,
    onSilent: () => store.connection({ type: "silent", since: new Date(clock.now()).toISOString() }),
    onAnswer: () => store.connection({ type: "answered" }),
    onDead: link.redial,
  });
  const readUsers = async (userIds: string[]): Promise<UserStatus[]> => {
    const { snapshots } = store.getState();
    const { users } = await request<{ users: unknown }>(
      `/users/presence?ids=${userIds.map((id) => encodeURIComponent(id)).join(",")}`,
    );
    // A snapshot that has come meanwhile is newer.
    return store.getState().snapshots === snapshots ? readStatuses(users) : [];
  };
  const watching = createWatching({
    send: (event, userIds) => ask(event, userIds, ANSWER_MS),
    read: readUsers,
    learn: store.statuses,
  });
  receive({ socket, store, clock, link, heartbeat, watching });

  let stopWaking: (() => void) | undefined;
  const wake = async () => {
    clock.renew();
    if (socket.connected) {
      if (!(await heartbeat.probe(WAKE_ANSWER_MS))) link.redial();
    } else if (store.getState().connection.phase === "connecting") link.redial();
  };
  const reconnect = () => {
    activity.start();
    stopWaking ??= watchWaking(() => void wake());
    link.open();
  };
  if (options.connect !== false) reconnect();
  return {
    store,
    clock,
    socket,
    reconnect,
    request,
    activity: activity.sign,
    watch: watching.watch,
    leave() {
      activity.stop();
      heartbeat.stop();
      stopWaking?.();
      stopWaking = undefined;
      link.leave();
    },
    async setAvailability(wish) {
      await request("/users/me/availability", "PUT", wish);
    },
    async clearAvailability() {
      await request("/users/me/availability", "DELETE");
    },
  };
}

/** What each handshake says besides the credential. */
const hello = ({ device, traceparent }: PresenceOptions) => ({
  hello: () => ({
    ...(device === undefined ? {} : { device }),
    ...(traceparent && { traceparent: traceparent() }),
    batch: true,
  }),
});
