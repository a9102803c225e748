import type { ActivityWatch } from "./activity.ts";
import type { PresenceClock } from "./clock.ts";
import type { EndReason } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { PresenceSocket } from "./presence.ts";
import { isErrorBody } from "./rest.ts";
import { retryDelay } from "./retry.ts";
import type { PresenceStore } from "./store.ts";
import type { ErrorBody } from "./wire.ts";

/** How often in a row a token function is asked again when what it gives has run out or is not accepted. */
const FRESH_TOKENS = 3;
const RENEW_MS = 5_000;

export interface LinkDeps {
  socket: PresenceSocket;
  store: PresenceStore;
  clock: PresenceClock;
  credentials: Credentials;
  activity: ActivityWatch;
  holdMs: number;
  /** What each handshake says besides the credential and the arrival. */
  hello: () => Record<string, unknown>;
}

/** Opens the connection, keeps it open, and says in the store how it stands. */
export interface Link {
  open(): void;
  leave(): void;
  /** Gives the connection up and opens it anew, at once. */
  redial(): void;
  /** Asks for the credential, for a handshake. */
  authenticate(send: (data: Record<string, unknown>) => void): void;
  /** The server has accepted the handshake. */
  accepted(): void;
  /** A full snapshot has come. */
  restored(): void;
  ended(reason: EndReason): void;
  /** The token has run out; the server disconnects next. */
  expired(): void;
  /** An error of the server: where it disconnects next, and the person may not stay, why. */
  failed(error: unknown): void;
  renew(): Promise<void>;
}

export function createLink(deps: LinkDeps): Link {
  const { socket, store, clock, credentials, activity, holdMs } = deps;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let hold: ReturnType<typeof setTimeout> | undefined;
  let refusals = 0;
  /** it was connected in this life: what it opens now it opens by itself, which is no sign of the person */
  let isResuming = false;
  let isRenewing = false;
  /** why the person may not stay, as the server has just said */
  let exclusion: ErrorBody | undefined;

  const connect = () => {
    clearTimeout(retry);
    socket.connect();
  };
  const lost = () => {
    clock.renew();
    store.connection({ type: "lost" });
    // One hold for a whole outage, however many attempts fail in it.
    hold ??= setTimeout(() => store.connection({ type: "hold elapsed" }), holdMs);
  };
  const unhold = () => {
    clearTimeout(hold);
    hold = undefined;
  };
  const refused = (given: ErrorBody) => {
    refusals += 1;
    // Another token may be accepted.
    const isTokens = given.code === "token_expired" || given.code === "unauthorized";
    const mayRenew = isTokens && credentials.isRenewable && refusals <= FRESH_TOKENS;
    const error = mayRenew ? { ...given, retryable: true } : given;
    store.connection({ type: "refused", error });
    if (!error.retryable) return;
    clearTimeout(retry);
    retry = setTimeout(connect, retryDelay(error, refusals, Math.random()));
  };

  socket.on("disconnect", (reason) => {
    if (reason === "io client disconnect") return;
    if (reason !== "io server disconnect") lost();
    else if (isRenewing) {
      lost();
      connect();
    } else if (exclusion) refused(exclusion);
    else store.connection({ type: "ended", reason: "closed" });
    isRenewing = false;
    exclusion = undefined;
  });
  socket.on("connect_error", (error: Error & { data?: unknown }) => {
    if (socket.active) lost();
    else refused(isErrorBody(error.data) ? error.data : unavailable(error));
  });

  return {
    open() {
      store.connection({ type: "opening" });
      connect();
    },
    leave() {
      clearTimeout(retry);
      unhold();
      socket.disconnect();
      isResuming = false;
      credentials.forget();
      store.connection({ type: "ended", reason: "left" });
    },
    redial() {
      if (socket.connected) socket.io.engine.close();
      // Where a request is under way the engine closes after it: to leave now would be a goodbye.
      if (socket.connected) return;
      socket.disconnect();
      connect();
    },
    authenticate(send) {
      const { engine } = socket.io;
      const isCurrent = () => socket.io.engine === engine && socket.active;
      credentials.ask().then(
        (given) => {
          if (!isCurrent()) return;
          if (given === null) {
            socket.disconnect();
            store.connection({ type: "refused", error: NOT_SIGNED_IN });
            return;
          }
          const arrival = isResuming ? { resumed: true, idleMs: activity.idleMs() } : { resumed: false };
          send({ ...given, ...deps.hello(), ...arrival });
        },
        (error: unknown) => {
          if (!isCurrent()) return;
          socket.disconnect();
          refused(unavailable(error));
        },
      );
    },
    accepted() {
      refusals = 0;
      isResuming = true;
    },
    restored: unhold,
    ended: (reason) => store.connection({ type: "ended", reason }),
    expired() {
      if (credentials.isRenewable) isRenewing = true;
      else store.connection({ type: "ended", reason: "expired" });
    },
    failed(error) {
      if (isErrorBody(error) && EXCLUDING.has(error.code)) exclusion = error;
    },
    async renew() {
      if (!credentials.isRenewable) return;
      try {
        const given = await credentials.ask();
        if (given && "token" in given) {
          await socket.timeout(RENEW_MS).emitWithAck("auth:renew", given);
        }
      } catch {
        // The token that is there lasts a little longer; when it ends the next connect asks again.
      }
    },
  };
}

/** The codes with which a handshake is refused for good (CONTRACT 4). */
const EXCLUDING: ReadonlySet<string> = new Set([
  "unauthorized",
  "token_expired",
  "session_expired",
  "account_disabled",
]);

const NOT_SIGNED_IN: ErrorBody = { code: "unauthorized", message: "There is no token.", retryable: false };

const unavailable = (cause: unknown): ErrorBody => ({
  code: "unavailable",
  message: cause instanceof Error ? cause.message : String(cause),
  retryable: true,
});
