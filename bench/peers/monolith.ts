import pg from "pg";
import { confirmSignIn, createPeer, type PeerSocket, userRoom } from "./peer.ts";
import { statusOf } from "./status.ts";

/**
 * One process with the status in the database: an UPDATE for every connect, disconnect and activity, and the
 * conversations read again for each broadcast.
 */

const peer = createPeer(process.env);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
// Without a listener a lost link would end the process; the pool opens others.
pool.on("error", (error) => console.error(error));
const open = new Map<string, number>();

const conversationsOf = async (userId: string): Promise<string[]> => {
  const { rows } = await pool.query<{ conversationId: string }>({
    name: "conversations",
    text: `SELECT "conversationId" FROM "ConversationMember" WHERE "userId" = $1 AND "isActive"`,
    values: [userId],
  });
  return rows.map(({ conversationId }) => conversationId);
};
const statement = (name: string, set: string) => (userId: string) =>
  pool.query({ name, text: `UPDATE "User" SET ${set} WHERE id = $1`, values: [userId] });
const setOnline = statement("online", `"isOnline" = true, "lastActiveAt" = now()`);
const setOffline = statement("offline", `"isOnline" = false, "lastSeen" = now()`);
const setActive = statement("active", `"lastActiveAt" = now()`);

peer.onConnection(async (connection) => {
  const { socket, userId } = connection;
  const count = (open.get(userId) ?? 0) + 1;
  open.set(userId, count);
  socket.on("disconnect", () => peer.track(leave(userId)));
  socket.on("activity", (answer: (reply: object) => void) => {
    peer.track(setActive(userId).then(() => answer({ success: true })));
  });
  await socket.join([userRoom(userId), ...(await conversationsOf(userId))]);
  await setOnline(userId);
  confirmSignIn(connection);
  if (count === 1) await tell(userId, true);
  await sendView(connection);
});

async function leave(userId: string): Promise<void> {
  const count = (open.get(userId) ?? 1) - 1;
  if (count > 0) {
    open.set(userId, count);
    return;
  }
  open.delete(userId);
  await setOffline(userId);
  await tell(userId, false);
}

async function tell(userId: string, isOnline: boolean): Promise<void> {
  const rooms = await conversationsOf(userId);
  if (rooms.length > 0)
    peer.io.to(rooms).except(userRoom(userId)).emit("user:status", statusOf(userId, isOnline));
}

async function sendView({ socket, userId }: PeerSocket): Promise<void> {
  const { rows } = await pool.query<{ id: string }>({
    name: "contacts",
    text: `SELECT DISTINCT u.id FROM "ConversationMember" own
      JOIN "ConversationMember" other USING ("conversationId") JOIN "User" u ON u.id = other."userId"
      WHERE own."userId" = $1 AND u."isOnline" AND u.id <> $1`,
    values: [userId],
  });
  socket.emit("presence:snapshot", { users: rows.map(({ id }) => statusOf(id, true)), occupancy: [] });
}

peer.listen(() => pool.end());
