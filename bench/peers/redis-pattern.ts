import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { confirmSignIn, createPeer, type PeerSocket, userRoom } from "./peer.ts";
import { statusOf } from "./status.ts";

/**
 * The pattern that most presence tutorials end with: each user is a Redis hash of open sockets with a time to
 * live, refreshed by the process that holds the socket; the adapter carries broadcasts between the processes.
 */

const TTL_S = 60;
const REFRESH_MS = 20_000;

const peer = createPeer(process.env);
const redis = createClient({ url: process.env.REDIS_URL ?? "" });
const subscriber = redis.duplicate();
// A lost link must not end the process: the clients connect again by themselves, and the adapter does not wait for what
// it publishes.
for (const client of [redis, subscriber]) client.on("error", (error) => console.error(error));
process.on("unhandledRejection", (error) => console.error(error));
await Promise.all([redis.connect(), subscriber.connect()]);
peer.io.adapter(createAdapter(redis, subscriber));

const socketsOf = (userId: string) => `sockets:${userId}`;

peer.onConnection(async (connection) => {
  const { socket, userId } = connection;
  socket.on("disconnect", () => peer.track(leave(connection)));
  socket.on("activity", (answer: (reply: object) => void) => {
    peer.track(redis.set(`active:${userId}`, Date.now()));
    answer({ success: true });
  });
  const rooms = await redis.sMembers(`conversations:${userId}`);
  await socket.join([userRoom(userId), ...rooms]);
  const [, , open] = await redis
    .multi()
    .hSet(socketsOf(userId), socket.id, Date.now())
    .expire(socketsOf(userId), TTL_S)
    .hLen(socketsOf(userId))
    .exec();
  confirmSignIn(connection);
  if (Number(open) === 1) tell(userId, rooms, true);
  await sendView(connection, rooms);
});

async function leave({ socket, userId }: PeerSocket): Promise<void> {
  const [, open] = await redis.multi().hDel(socketsOf(userId), socket.id).hLen(socketsOf(userId)).exec();
  if (Number(open) > 0) return;
  tell(userId, await redis.sMembers(`conversations:${userId}`), false);
}

function tell(userId: string, rooms: string[], isOnline: boolean): void {
  if (rooms.length > 0)
    peer.io.to(rooms).except(userRoom(userId)).emit("user:status", statusOf(userId, isOnline));
}

async function sendView({ socket, userId }: PeerSocket, rooms: string[]): Promise<void> {
  const lists = await Promise.all(rooms.map((room) => redis.sMembers(`members:${room}`)));
  const contacts = [...new Set(lists.flat())].filter((id) => id !== userId);
  const found = await Promise.all(contacts.map((id) => redis.exists(socketsOf(id))));
  const users = contacts.filter((_, n) => found[n] === 1).map((id) => statusOf(id, true));
  socket.emit("presence:snapshot", { users, occupancy: [] });
}

setInterval(() => {
  for (const socket of peer.io.of("/").sockets.values())
    peer.track(redis.expire(socketsOf(socket.data.userId), TTL_S));
}, REFRESH_MS);

peer.listen(() => Promise.all([redis.close(), subscriber.close()]));
