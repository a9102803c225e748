import type { Connection } from "./connections.ts";

/** setTimeout's longest delay; a token that lives longer is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Ends a connection when its token expires: `auth:expired`, then a namespace disconnect (CONTRACT 3). */
export function expireWith(connection: Connection): void {
  const { socket, identity } = connection;
  const { expiresAt } = identity;
  if (expiresAt === null) return;
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = expiresAt - Date.now();
    timer = setTimeout(
      left > LONGEST_TIMER_MS ? wait : expire,
      Math.min(Math.max(0, left), LONGEST_TIMER_MS),
    );
  };
  const expire = () => {
    connection.closeReason = "token expired";
    socket.emit("auth:expired");
    socket.disconnect();
  };
  wait();
  socket.on("disconnect", () => clearTimeout(timer));
}
