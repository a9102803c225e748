import { readFileSync } from "node:fs";
import type { UserStatus } from "@meeshy/shared/status";
import { confirmSignIn, createPeer, userRoom } from "./peer.ts";
import { statusOf } from "./status.ts";

/** The floor: Socket.IO, the JWT check, rooms from memory. No connections are counted, nothing is stored. */

const peer = createPeer(process.env);
const rooms: Record<string, string[]> = JSON.parse(readFileSync(process.env.WORLD ?? "", "utf8"));

peer.onConnection((connection) => {
  const { socket, userId } = connection;
  const own = rooms[userId] ?? [];
  void socket.join([userRoom(userId), ...own]);
  const tell = (isOnline: boolean) => {
    if (own.length > 0)
      peer.io.to(own).except(userRoom(userId)).emit("user:status", statusOf(userId, isOnline));
  };
  socket.on("disconnect", () => tell(false));
  socket.on("broadcast", (status: UserStatus, to: string[]) => {
    peer.io.to(to).except(userRoom(status.userId)).emit("user:status", status);
  });
  confirmSignIn(connection);
  tell(true);
});
peer.listen(async () => {});
