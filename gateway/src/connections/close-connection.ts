import { CLOSE_REASONS, isReconnecting, type ServerCloseReason } from "@meeshy/shared/close-reasons";
import type { PresenceError } from "@meeshy/shared/codes";
import type { ClientConnection } from "./connections.ts";
import { closeTransport } from "./engine-internals.ts";

/**
 * Closes a socket for a reason of the table. Stock clients come back after a lost transport, and stay away after a
 * disconnect of the namespace.
 */
export function closeConnection(connection: ClientConnection, reason: ServerCloseReason): void {
  const { socket } = connection;
  connection.closeReason = reason;
  const row = CLOSE_REASONS[reason];
  if ("notice" in row) socket.emit(row.notice);
  if (isReconnecting(reason)) closeTransport(socket);
  else socket.disconnect();
}

/** Closes a socket whose person may not stay, for good, and says why. */
export function closeRefused(connection: ClientConnection, refusal: PresenceError): void {
  connection.socket.emit("error", refusal.toBody());
  closeConnection(connection, "admin");
}
