import type { AddressInfo } from "node:net";
import { SERVER_EVENTS } from "@meeshy/shared/event-names";
import { eventually } from "@meeshy/shared/testing/eventually";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { getPresenceText } from "../../presence/last-seen.ts";
import { createPresence } from "../../presence/presence.ts";
import { buildStatus } from "./build-status.ts";

/** What no release sends. */
const GARBAGE: unknown[] = [
  ...[undefined, null, 7, "x", true, [], [null], {}],
  ...[{ user: 7 }, { user: { id: 7 } }, { users: "x", occupancy: {}, serverTime: "soon" }],
  ...[{ user: buildStatus("alice"), choices: 7, connections: "x" }, { reconnectAfterMs: "soon" }],
  ...[{ since: "soon", reason: 7 }, { since: {}, reason: null }, { expiresAt: 7 }],
  [buildStatus("eve", { displayName: 7 as never, lastSeen: {} as never, availability: [] as never })],
];
/** After these the connection ends, whatever they say. */
const ENDING: string[] = [SERVER_EVENTS.SESSION_REPLACED, SERVER_EVENTS.AUTH_EXPIRED];

it("a server that sends what no release sends ends nothing, and what is right again is shown", async () => {
  const io = new Server(0);
  onTestFinished(() => io.close());
  const { port } = io.httpServer.address() as AddressInfo;
  io.on("connection", (socket) => {
    for (const event of Object.values(SERVER_EVENTS).filter((name) => !ENDING.includes(name)))
      for (const payload of GARBAGE) socket.emit(event, payload);
    socket.emit("an event of a later release", { users: [] });
    socket.emit("authenticated", { user: { id: "alice", username: "alice", isAnonymous: false } });
    socket.emit("presence:self", { user: buildStatus("alice"), choices: { standing: 1 }, connections: [7] });
    socket.emit("presence:stale", { since: "soon" });
    socket.emit("presence:fresh", {});
    socket.emit("presence:snapshot", { users: [buildStatus("bob")], occupancy: [] });
    socket.on("presence:watch", (_payload, reply) => reply(7));
  });
  const stale: string[] = [];
  const presence = createPresence({ url: `http://127.0.0.1:${port}`, token: "t", connect: false });
  onTestFinished(() => presence.leave());
  presence.store.subscribe(({ connection }) => {
    if (connection.phase === "stale") stale.push(connection.since);
  });
  presence.watch(["bob"]);
  presence.reconnect();
  const { getState } = presence.store;
  await eventually(() => getState().users.get("bob")?.isOnline);
  expect(getState().connection.phase).toBe("live");
  expect(getState().self).toMatchObject({ id: "alice", username: "alice", connections: [] });
  expect(getState().self).not.toHaveProperty("choices");
  expect(stale.filter((since) => Number.isNaN(Date.parse(since)))).toEqual([]);
  const eve = getState().users.get("eve");
  expect(eve).toMatchObject({ displayName: null });
  expect(getPresenceText(eve)).toEqual(expect.any(String));
});
