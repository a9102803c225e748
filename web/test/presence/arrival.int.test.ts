import type { AddressInfo } from "node:net";
import { eventually } from "@meeshy/shared/testing/eventually";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { createPresence } from "../../presence/presence.ts";

it("a client says that it connects again by itself and how long its person did nothing, and begins a new life after it has left", async () => {
  const io = new Server(0);
  onTestFinished(() => io.close());
  const arrivals: Record<string, unknown>[] = [];
  io.on("connection", (socket) => {
    arrivals.push(socket.handshake.auth);
    socket.emit("authenticated", { user: { id: "bob", username: "bob", isAnonymous: false } });
  });
  const { port } = io.httpServer.address() as AddressInfo;
  const presence = createPresence({
    url: `http://127.0.0.1:${port}`,
    token: "a token",
    activityTarget: new EventTarget(),
  });
  onTestFinished(() => presence.leave());
  const nth = (n: number) => eventually(() => arrivals[n - 1]);
  expect(await nth(1)).toEqual({ token: "a token", batch: true, resumed: false });
  await eventually(() => presence.store.getState().self !== null);
  presence.socket.io.engine.close();
  expect(await nth(2)).toEqual({ token: "a token", batch: true, resumed: true, idleMs: expect.any(Number) });
  presence.leave();
  presence.reconnect();
  expect(await nth(3)).toMatchObject({ resumed: false });
});
