import { PresenceError } from "@meeshy/shared/codes";
import { closeTransport } from "../connections/engine-internals.ts";
import type { PresenceSocket } from "../connections/socket-server.ts";

/**
 * A transport may ask for the namespace as often as its client likes, and each time credentials are looked at: one that
 * is refused again and again, or asks many times at once, is closed.
 */
export interface TransportAttempts {
  /**
   * An attempt begins; call what it gives once it is accepted.
   * @throws {PresenceError} `rate_limited`: it is one too many, and the transport closes
   */
  begin(socket: PresenceSocket): () => void;
}

/** Attempts of one transport that are under way or were refused: a client gives up, or connects anew, long before. */
const ATTEMPTS_MAX = 10;
const RETRY_AFTER_MS = 5_000;

export function createTransportAttempts(): TransportAttempts {
  const open = new WeakMap<PresenceSocket["conn"], number>();
  return {
    begin(socket) {
      const attempts = (open.get(socket.conn) ?? 0) + 1;
      open.set(socket.conn, attempts);
      if (attempts > ATTEMPTS_MAX) {
        closeTransport(socket);
        throw new PresenceError("rate_limited", "Too many attempts on one transport.", {
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      return () => void open.set(socket.conn, (open.get(socket.conn) ?? 1) - 1);
    },
  };
}
