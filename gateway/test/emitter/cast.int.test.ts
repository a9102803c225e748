import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import { eventually } from "@meeshy/shared/testing/eventually";
import { Server } from "socket.io";
import { io as openClient, type Socket } from "socket.io-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PresenceServer } from "../../src/connections/socket-server.ts";
import { createCast } from "../../src/emitter/cast.ts";

let io: PresenceServer;
let url: string;
const clients: Socket[] = [];

beforeEach(async () => {
  const http = createServer();
  io = new Server(http);
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await io.close();
});

const open = async (transport: "websocket" | "polling") => {
  const client = openClient(url, { transports: [transport], forceNew: true });
  clients.push(client);
  const received: unknown[] = [];
  client.onAny((...event) => received.push(event));
  await eventually(() => expect(client.connected).toBe(true));
  return { id: client.id as string, received };
};

const message = (content: string): ChatMessage => ({
  id: "1",
  conversationId: "c",
  senderId: "s",
  content,
  createdAt: "2030-01-01T00:00:00.000Z",
});

test("an event that was made once reaches those who are named, over either transport, and in order", async () => {
  const [socket, poller, other] = [await open("websocket"), await open("polling"), await open("websocket")];
  const cast = createCast(io);
  const texts = ["short", 'é→🙂 "quoted" \u2028', "long".repeat(200), "longer".repeat(20_000)];
  const sends = texts.map((text) => cast("message:new", message(text)));
  for (const send of sends) send([socket.id, poller.id]);
  cast("session:replaced")([socket.id, "missing", poller.id]);
  const expected = [...texts.map((text) => ["message:new", message(text)]), ["session:replaced"]];
  for (const { received } of [socket, poller]) await eventually(() => expect(received).toEqual(expected));
  expect(other.received).toEqual([]);
});

test("a socket that has left the namespace receives nothing more", async () => {
  const { id, received } = await open("websocket");
  const send = createCast(io)("session:replaced");
  send([id]);
  await eventually(() => expect(received.length).toBe(1));
  const connection = io.sockets.sockets.get(id)?.conn;
  io.sockets.sockets.get(id)?.disconnect();
  send([id]);
  await eventually(() => expect(connection?.readyState).toBe("closed"));
  expect(received.length).toBe(1);
});
