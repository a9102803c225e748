import type { AddressInfo } from "node:net";
import { eventually } from "@meeshy/shared/testing/eventually";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { createPresence } from "../../presence/presence.ts";

/** A server that says this to who is connected, and disconnects them; gives how the client's connection then stands. */
async function afterErrors(...codes: string[]) {
  const io = new Server(0);
  onTestFinished(() => io.close());
  io.on("connection", (socket) => {
    for (const code of codes) socket.emit("error", { code, message: "The reason.", retryable: false });
    socket.disconnect();
  });
  const { port } = io.httpServer.address() as AddressInfo;
  const presence = createPresence({ url: `http://127.0.0.1:${port}`, token: "a token" });
  onTestFinished(() => presence.leave());
  const { store } = presence;
  await eventually(() => ["refused", "ended"].includes(store.getState().connection.phase));
  return store.getState().connection;
}

it.each(["unauthorized", "token_expired", "session_expired", "account_disabled"])(
  "who may not stay is refused, with the reason: %s",
  async (code) => {
    expect(await afterErrors(code)).toMatchObject({ phase: "refused", error: { code, retryable: false } });
  },
);

it.each([[[]], [["invalid_request"]], [[17, null]]])(
  "a disconnect after %j is an administrator's",
  async (codes: unknown[]) => {
    expect(await afterErrors(...(codes as string[]))).toEqual({ phase: "ended", reason: "closed" });
  },
);
