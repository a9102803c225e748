import cluster from "node:cluster";
import { createServer } from "node:http";
import { createAdapter, setupPrimary } from "@socket.io/cluster-adapter";
import { attachSocketServer, createSocketServer } from "../../src/connections/socket-server.ts";

/** Two processes on one port, with the gateway's Socket.IO server and its adapter alone (adapter.int.test.ts). */

const ROOM = "conversation_all";
const PROCESSES = 2;

if (cluster.isPrimary) {
  cluster.setupPrimary({ serialization: "advanced" });
  setupPrimary();
  let listening = 0;
  for (let number = 1; number <= PROCESSES; number++) cluster.fork({ NUMBER: String(number) });
  cluster.on("listening", (_worker, { port }) => {
    if (++listening === PROCESSES) process.send?.({ port });
  });
  cluster.on("message", (_worker, message) => {
    if (message.what) process.send?.(message);
  });
  process.on("SIGTERM", () => process.exit());
} else {
  const number = Number(process.env.NUMBER);
  const heartbeat = { pingIntervalMs: 25_000, pingTimeoutMs: 10_000, connectTimeoutMs: 45_000 };
  const io = createSocketServer(
    { allowRequest: (_request, answer) => answer(null, true) },
    { socketPath: "/socket.io/", corsOrigins: [], heartbeat },
    createAdapter(),
  );
  const events = io.sockets as unknown as {
    on(event: string, listener: (what: string) => void): void;
    serverSideEmit(event: string, what: string): void;
    to(room: string): { emit(event: string, what: unknown): void };
  };
  const local = io.local as unknown as typeof events;
  events.on("asked", (what) => void process.send?.({ process: number, what }));
  io.on("connection", (socket) => {
    void socket.join(ROOM);
    const untyped = socket as unknown as { emit(event: string, what: unknown): void };
    untyped.emit("holder", { process: number });
    const answering = (act: (what: string) => void) => (what: unknown, done: unknown) => {
      act(String(what));
      if (typeof done === "function") done();
    };
    socket.on(
      "broadcast",
      answering((what) => events.to(ROOM).emit("said", what)),
    );
    socket.on(
      "broadcast-local",
      answering((what) => local.to(ROOM).emit("said", what)),
    );
    socket.on(
      "server-side-emit",
      answering((what) => events.serverSideEmit("asked", what)),
    );
    socket.on("disconnect-all", () => io.in(ROOM).disconnectSockets());
  });
  const http = createServer();
  attachSocketServer(io, http);
  http.listen(0, "127.0.0.1");
}
