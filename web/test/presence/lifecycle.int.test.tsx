// @vitest-environment happy-dom
import type { AddressInfo } from "node:net";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { OnlineIndicator } from "../../presence/components/online-indicator.tsx";
import { createPresence } from "../../presence/presence.ts";
import { PresenceProvider } from "../../presence/provider.tsx";
import { buildStatus } from "./build-status.ts";

/** A server that speaks the protocol as far as these tests go. */
async function startServer() {
  const io = new Server(0);
  onTestFinished(() => io.close());
  const arrivals: Record<string, unknown>[] = [];
  io.on("connection", (socket) => {
    arrivals.push(socket.handshake.auth);
    socket.emit("authenticated", { user: { id: "alice", username: "alice", isAnonymous: false } });
    socket.emit("presence:snapshot", { users: [buildStatus("bob")], occupancy: [] });
    socket.on("presence:watch", (_payload, reply) => reply({ success: true, data: { users: [] } }));
  });
  const { port } = io.httpServer.address() as AddressInfo;
  const proxy = await startTcpProxy(port);
  onTestFinished(() => proxy.close());
  return { io, arrivals, proxy, url: `http://127.0.0.1:${proxy.port}` };
}

it("connects once in strict mode, asks the latest token function, and leaves with the last component", async () => {
  // React renders by itself here, as in a page.
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  const { io, arrivals, url } = await startServer();
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  const render = (token: string) =>
    root.render(
      <StrictMode>
        <PresenceProvider url={url} token={() => token}>
          <OnlineIndicator userId="bob" showLabel />
        </PresenceProvider>
      </StrictMode>,
    );
  render("first");
  render("second");
  await eventually(() => place.textContent === "Online");
  expect(arrivals).toMatchObject([{ token: "second", resumed: false }]);
  root.unmount();
  await eventually(() => io.of("/").sockets.size === 0);
  expect(arrivals).toHaveLength(1);
});

it("opens nothing with connect: false before it is asked to, and anew after it has left", async () => {
  const { arrivals, url } = await startServer();
  const [idle, other] = [
    createPresence({ url, token: "idle", connect: false }),
    createPresence({ url, token: "other" }),
  ];
  onTestFinished(() => void [idle, other].map((presence) => presence.leave()));
  const phase = () => idle.store.getState().connection.phase;
  await eventually(() => other.store.getState().connection.phase === "live");
  expect(arrivals).toMatchObject([{ token: "other" }]);
  for (const life of [1, 2]) {
    idle.reconnect();
    await eventually(() => phase() === "live");
    expect(arrivals.slice(1)).toMatchObject(Array(life).fill({ token: "idle", resumed: false }));
    idle.leave();
    expect(phase()).toBe("ended");
  }
});

const wake = {
  "out of the browser's cache": () => window.dispatchEvent(new Event("pageshow")),
  "with a network again": () => window.dispatchEvent(new Event("online")),
  "in front again": () => document.dispatchEvent(new Event("visibilitychange")),
};

it.each(Object.entries(wake))(
  "is live within 3 s of waking %s, on a connection that is dead",
  async (_, wakeUp) => {
    const { proxy, url, arrivals } = await startServer();
    const presence = createPresence({ url, token: "t" });
    onTestFinished(() => presence.leave());
    const { store, socket } = presence;
    await eventually(() => store.getState().connection.phase === "live");
    const { id } = socket;
    // What was open is dead, and does not say so; what is opened anew passes.
    proxy.freeze();
    const frozen = socket.io.engine;
    wakeUp();
    await eventually(() => socket.io.engine !== frozen, {
      within: 3_000,
      what: "a new connection is opened",
    });
    proxy.mend();
    await eventually(() => socket.id !== id && store.getState().connection.phase === "live", {
      within: 3_000,
    });
    expect(arrivals.at(-1)).toMatchObject({ resumed: true });
  },
);
