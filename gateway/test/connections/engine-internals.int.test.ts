import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "@meeshy/shared/testing/eventually";
import { Server } from "socket.io";
import { io as openClient, type Socket } from "socket.io-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  closeTransport,
  holdFrames,
  prepareEvent,
  sendFramesTogether,
  textFrame,
  waitingFor,
} from "../../src/connections/engine-internals.ts";

/** The pinned Socket.IO and Engine.IO work inside as `engine-internals.ts` relies on. */

let io: Server;
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

const open = async (transport: "websocket" | "polling" = "websocket") => {
  const client = openClient(url, { transports: [transport], forceNew: true });
  clients.push(client);
  const received: unknown[][] = [];
  client.onAny((...event) => received.push(event));
  const ended: string[] = [];
  client.on("disconnect", (reason) => ended.push(reason));
  const socket = await eventually(() => io.sockets.sockets.get(client.id ?? ""));
  return { client, socket, received, ended };
};

test.each(["websocket", "polling"] as const)(
  "over %s a prepared event arrives as an emitted one",
  async (by) => {
    const { socket, received } = await open(by);
    prepareEvent("news", [{ text: "é→🙂" }])(socket);
    socket.emit("news", { text: "é→🙂" });
    prepareEvent("end", [])(socket);
    await eventually(() => received.length === 3);
    expect(received).toEqual([["news", { text: "é→🙂" }], ["news", { text: "é→🙂" }], ["end"]]);
  },
);

test("over websocket the prepared frame is what is sent, not the packet", async () => {
  const { socket, received } = await open();
  const options = { compress: true, wsPreEncodedFrame: [textFrame('42["frame"]')] };
  socket.conn.write('2["packet"]', options);
  await eventually(() => received.length === 1);
  expect(received).toEqual([["frame"]]);
});

test("what a socket does not take yet is counted, by frames and characters", async () => {
  const { socket, received } = await open();
  const send = prepareEvent("n", [1]);
  for (let n = 0; n < 3; n++) send(socket);
  // The first is on its way; each of the others is `2["n",1]`.
  expect(waitingFor(socket)).toEqual({ frames: 2, chars: 2 * '2["n",1]'.length });
  await eventually(() => received.length === 3);
  expect(waitingFor(socket)).toEqual({ frames: 0, chars: 0 });
});

test("frames that leave together are corked until the transport has taken them", async () => {
  sendFramesTogether(io);
  const { socket, received } = await open();
  const { socket: network } = socket.conn.request;
  const cork = vi.spyOn(network, "cork");
  const uncork = vi.spyOn(network, "uncork");
  const send = prepareEvent("n", [1]);
  send(socket);
  await eventually(() => received.length === 1);
  expect(cork).not.toHaveBeenCalled();
  for (let n = 0; n < 3; n++) send(socket);
  await eventually(() => received.length === 4);
  expect(cork).toHaveBeenCalledTimes(1);
  expect(uncork.mock.invocationCallOrder.at(-1)).toBeGreaterThan(cork.mock.invocationCallOrder[0] ?? 0);
  expect(network.writableCorked).toBe(0);
});

test("a transport is closed at once, whatever waits, and its client comes back", async () => {
  const { client, socket, ended } = await open();
  const reasons: string[] = [];
  socket.on("disconnect", (reason) => reasons.push(reason));
  for (let n = 0; n < 3; n++) prepareEvent("n", [n])(socket);
  closeTransport(socket);
  expect(reasons).toEqual(["forced close"]);
  await eventually(() => ended.length === 1);
  expect(ended).toEqual(["transport close"]);
  await eventually(() => client.connected);
});

test("held frames leave in order and in one write, when they are released or after 100 ms", async () => {
  sendFramesTogether(io);
  const { socket, received } = await open();
  const writes = vi.spyOn(socket.conn.request.socket, "_writev" as never);
  const release = holdFrames(socket);
  socket.emit("first");
  for (let n = 0; n < 3; n++) prepareEvent("n", [n])(socket);
  expect(waitingFor(socket).frames).toBe(4);
  release();
  expect(waitingFor(socket).frames).toBe(0);
  await eventually(() => received.length === 4);
  expect(received).toEqual([["first"], ["n", 0], ["n", 1], ["n", 2]]);
  expect(writes).toHaveBeenCalledTimes(1);

  holdFrames(socket);
  prepareEvent("late", [])(socket);
  expect(waitingFor(socket).frames).toBe(1);
  await eventually(() => received.length === 5);
  release();
  prepareEvent("after", [])(socket);
  await eventually(() => received.length === 6);
});

test("the answer to an upgrade and the first packet leave in one write", async () => {
  sendFramesTogether(io);
  const writes: number[] = [];
  io.engine.on("initial_headers", (_: unknown, { socket }: IncomingMessage) => {
    const { _writev, _write } = socket;
    Object.assign(socket, {
      _writev(...args: Parameters<NonNullable<typeof _writev>>) {
        writes.push(args[0].length);
        _writev?.apply(socket, args);
      },
      _write(...args: Parameters<typeof _write>) {
        writes.push(1);
        _write.apply(socket, args);
      },
    });
  });
  await open();
  // The status line and headers, and the packet's frame in two pieces.
  expect(writes[0]).toBe(3);
});
