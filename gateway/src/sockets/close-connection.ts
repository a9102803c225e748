import type { CloseCommand } from "@meeshy/shared/events";
import type { Connection } from "./connections.ts";

/** Closes a socket that its person's owner has taken out of the record; stock clients stay away. */
export function closeConnection(connection: Connection, reason: CloseCommand["reason"]): void {
  connection.closeReason = reason;
  if (reason === "replaced") connection.socket.emit("session:replaced");
  connection.socket.disconnect();
}
