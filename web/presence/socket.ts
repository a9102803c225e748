import type { ErrorBody } from "@meeshy/shared/codes";
import type { ClientToServerEvents, ServerToClientEvents } from "@meeshy/shared/socket-events";
import { io, type Socket } from "socket.io-client";
import { watchActivity } from "./activity.ts";
import { CLIENT_EVENTS, SERVER_EVENTS } from "./events.ts";
import { retryDelay } from "./retry.ts";
import { createPresenceStore, type PresenceStore } from "./store.ts";

type PresenceSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface PresenceOptions {
  /** Who connects: a JWT, or the session of an anonymous participant (CONTRACT 3). */
  credentials: { token: string } | { sessionToken: string };
  /** Origin of the gateway; by default the page's own. */
  url?: string;
  /** The server's `SOCKET_PATH`. */
  path?: string;
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
}

export interface Presence {
  store: PresenceStore;
  socket: PresenceSocket;
  /** Connects again after a refusal, or after the connection has ended. */
  reconnect(): void;
  /** Leaves cleanly: other people see this person offline at once, not after the grace of a lost connection. */
  leave(): void;
}

/** Connects, keeps connected and keeps `store` true. Call `leave()` to end it. */
export function createPresence(options: PresenceOptions): Presence {
  const { activityEveryMs = 15_000, holdMs = 5_000, credentials, device, traceparent } = options;
  const activityTarget = options.activityTarget ?? ownDocument();
  const store = createPresenceStore();
  const auth = { ...credentials, ...(device === undefined ? {} : { device }), batch: true };
  const socket: PresenceSocket = io(options.url ?? "", {
    path: options.path ?? "/socket.io/",
    auth: (send) =>
      send({
        ...auth,
        ...arrival(),
        ...(traceparent && { traceparent: traceparent() }),
      }),
    // A window that is closed while it polls leaves no trace until the ping timeout; polling is for networks
    // that let no websocket through.
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    // Each presence has its own connection: a shared one would keep the credentials of the first.
    forceNew: true,
    autoConnect: false,
  });
  let retry: ReturnType<typeof setTimeout> | undefined;
  let hold: ReturnType<typeof setTimeout> | undefined;
  let refusals = 0;
  /** it was connected in this life: what it opens now it opens by itself, which is no sign of the person */
  let isResuming = false;
  const arrival = () =>
    isResuming ? { resumed: true, ...(activity && { idleMs: activity.idleMs() }) } : { resumed: false };

  const connect = () => {
    clearTimeout(retry);
    socket.connect();
  };
  const lost = () => {
    store.connection({ type: "lost" });
    // One hold for a whole outage, however many attempts fail in it.
    hold ??= setTimeout(() => store.connection({ type: "hold elapsed" }), holdMs);
  };
  const refused = (error: ErrorBody) => {
    store.connection({ type: "refused", error });
    if (!error.retryable) return;
    refusals += 1;
    clearTimeout(retry);
    retry = setTimeout(connect, retryDelay(error, refusals, Math.random()));
  };

  socket.on(SERVER_EVENTS.AUTHENTICATED, ({ user }) => {
    refusals = 0;
    isResuming = true;
    store.authenticated(user);
  });
  socket.on(SERVER_EVENTS.PRESENCE_SNAPSHOT, (snapshot) => {
    clearTimeout(hold);
    hold = undefined;
    store.snapshot(snapshot);
  });
  socket.on(SERVER_EVENTS.USER_STATUS, (status) => store.statuses([status]));
  socket.on(SERVER_EVENTS.USER_STATUS_BATCH, (statuses) => store.statuses(statuses));
  socket.on(SERVER_EVENTS.PRESENCE_STALE, ({ since, reason }) =>
    store.connection({ type: "stale", since, reason }),
  );
  socket.on(SERVER_EVENTS.PRESENCE_FRESH, () => store.connection({ type: "fresh" }));
  socket.on(SERVER_EVENTS.SESSION_REPLACED, () => store.connection({ type: "ended", reason: "replaced" }));
  socket.on(SERVER_EVENTS.AUTH_EXPIRED, () => store.connection({ type: "ended", reason: "expired" }));
  socket.on(SERVER_EVENTS.SERVER_DRAINING, ({ reconnectAfterMs }) => returnAfter(socket, reconnectAfterMs));
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") store.connection({ type: "ended", reason: "closed" });
    else if (reason !== "io client disconnect") lost();
  });
  socket.on("connect_error", (error: Error & { data?: unknown }) => {
    if (socket.active) lost();
    else refused(isErrorBody(error.data) ? error.data : unexplained(error));
  });
  const activity =
    activityTarget === undefined
      ? undefined
      : watchActivity(activityTarget, () => socket.connected && socket.emit(CLIENT_EVENTS.ACTIVITY), {
          everyMs: activityEveryMs,
        });

  connect();
  return {
    store,
    socket,
    reconnect() {
      store.connection({ type: "opening" });
      connect();
    },
    leave() {
      clearTimeout(retry);
      clearTimeout(hold);
      activity?.stop();
      socket.disconnect();
      isResuming = false;
      store.connection({ type: "ended", reason: "left" });
    },
  };
}

/** The page's; none where there is no page. */
function ownDocument(): EventTarget | undefined {
  const document: unknown = Reflect.get(globalThis, "document");
  return document instanceof EventTarget ? document : undefined;
}

/** A draining gateway gives the time to come back, so that its clients do not all return at once; for one attempt. */
function returnAfter({ io: manager }: PresenceSocket, delayMs: number): void {
  const usual = { delay: manager.reconnectionDelay(), jitter: manager.randomizationFactor() };
  manager.reconnectionDelay(delayMs).randomizationFactor(0);
  manager.once("reconnect_attempt", () => {
    manager.reconnectionDelay(usual.delay).randomizationFactor(usual.jitter);
  });
}

function isErrorBody(data: unknown): data is ErrorBody {
  return (
    typeof data === "object" && data !== null && "code" in data && "message" in data && "retryable" in data
  );
}

function unexplained(cause: Error): ErrorBody {
  return { code: "unavailable", message: cause.message, retryable: true };
}
