import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { createPresence } from "../../presence/presence.ts";

it("asks the application at each connect which trace it belongs to", async () => {
  const http = createServer();
  const server = new Server(http);
  const given: unknown[] = [];
  server.use((socket, next) => {
    given.push(socket.handshake.auth);
    next();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  let connects = 0;
  const presence = createPresence({
    url: `http://127.0.0.1:${port}`,
    token: "t",
    traceparent: () => `trace ${++connects}`,
  });
  onTestFinished(() => {
    presence.leave();
    return server.close();
  });
  const connected = () => new Promise<void>((resolve) => presence.socket.once("connect", resolve));
  await connected();
  presence.socket.disconnect();
  const again = connected();
  presence.reconnect();
  await again;
  expect(given).toMatchObject([
    { token: "t", batch: true, traceparent: "trace 1" },
    { token: "t", batch: true, traceparent: "trace 2" },
  ]);
});
