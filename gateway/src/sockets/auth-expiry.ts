import { PresenceError } from "@meeshy/shared/codes";
import { type AuthDeps, authenticate } from "../auth/authenticate.ts";
import { closeConnection } from "../connections/close-connection.ts";
import type { ClientConnection } from "../connections/connections.ts";
import { ROOM_ADMINS } from "../connections/room-names.ts";

/** Ends connections with their tokens, says so before, and takes new tokens in their place (CONTRACT 3). */
export interface AuthExpiry {
  /** From now on: `auth:expiring`, then `auth:expired` with a namespace disconnect. */
  watch(connection: ClientConnection): void;
  /**
   * The connection lives as long as the given token. Rejects with `unauthorized` for another person's, with what
   * {@link authenticate} refuses, or with `bad_request` where no token let the connection in; it stays as it is then.
   */
  renew(connection: ClientConnection, token: string): Promise<{ expiresAt: string }>;
}

/** setTimeout's longest delay; a token that lives longer is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** How long before its end a token is said to expire: this, or a part of its life if that is less. */
const NOTICE_MS = 60_000;
const NOTICE_OF_LIFE = 0.2;

export function createAuthExpiry(deps: AuthDeps): AuthExpiry {
  const timers = new WeakMap<ClientConnection, NodeJS.Timeout>();

  const at = (connection: ClientConnection, moment: number, run: () => void) => {
    const left = moment - Date.now();
    const isFar = left > LONGEST_TIMER_MS;
    timers.set(
      connection,
      setTimeout(
        isFar ? () => at(connection, moment, run) : run,
        Math.min(Math.max(0, left), LONGEST_TIMER_MS),
      ),
    );
  };

  const schedule = (connection: ClientConnection) => {
    clearTimeout(timers.get(connection));
    const { expiresAt, issuedAt, sessionToken } = connection.identity;
    if (expiresAt === null) return;
    const expire = () => at(connection, expiresAt, () => closeConnection(connection, "token expired"));
    // The session of an anonymous participant ends with its link, and cannot be renewed.
    if (sessionToken !== null) return expire();
    const life = expiresAt - (issuedAt ?? Date.now());
    const notice = Math.min(NOTICE_MS, Math.max(0, life) * NOTICE_OF_LIFE);
    at(connection, expiresAt - notice, () => {
      connection.socket.emit("auth:expiring", { expiresAt: new Date(expiresAt).toISOString() });
      expire();
    });
  };

  return {
    watch(connection) {
      schedule(connection);
      connection.socket.on("disconnect", () => clearTimeout(timers.get(connection)));
    },

    async renew(connection, token) {
      if (connection.identity.sessionToken !== null)
        throw new PresenceError("bad_request", "A session is not renewed by a token.");
      const identity = await authenticate({ token, sessionToken: undefined }, deps);
      if (identity.user.id !== connection.userId)
        throw new PresenceError("unauthorized", "The token names someone else.");
      const { isAdmin, expiresAt, issuedAt } = identity;
      const wasAdmin = connection.identity.isAdmin;
      connection.identity = { ...connection.identity, isAdmin, expiresAt, issuedAt };
      const { socket } = connection;
      if (socket.connected) {
        if (isAdmin && !wasAdmin) void socket.join(ROOM_ADMINS);
        if (!isAdmin && wasAdmin) void socket.leave(ROOM_ADMINS);
        schedule(connection);
      }
      return { expiresAt: new Date(expiresAt ?? 0).toISOString() };
    },
  };
}
