import { createConnection, createServer, type Socket } from "node:net";

/** A way between a client and a server on this machine that can be broken. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection at once and refuses new ones. */
  cut(): void;
  /** Keeps every connection open and passes nothing on, in either direction, as an unplugged cable does. */
  freeze(): void;
  /** The server hears the client, the client hears nothing. */
  deafen(): void;
  /** What the server says arrives `ms` later, in order: every question takes that much longer. */
  slow(ms: number): void;
  /** Connections pass again, at full speed; what stood still flows on. */
  mend(): void;
  close(): Promise<void>;
}

type State = "open" | "cut" | "frozen" | "deaf";
type Side = "client" | "server";

/** Listens on a free port of 127.0.0.1 and passes connections on to `targetPort`. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sides = new Map<Socket, Side>();
  let state: State = "open";
  let delayMs = 0;

  const flow = (socket: Socket, side: Side) => {
    if (state === "frozen" || (state === "deaf" && side === "server")) socket.pause();
    else socket.resume();
  };

  const join = (from: Socket, side: Side, to: Socket) => {
    sides.set(from, side);
    from.on("data", (chunk) => {
      if (side === "server" && delayMs > 0) setTimeout(() => to.write(chunk), delayMs);
      else if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => flow(from, side));
    from.on("error", () => {});
    from.on("close", () => {
      sides.delete(from);
      to.destroy();
    });
    flow(from, side);
  };

  const server = createServer((client) => {
    if (state === "cut") {
      client.destroy();
      return;
    }
    const upstream = createConnection({ host: "127.0.0.1", port: targetPort });
    join(client, "client", upstream);
    join(upstream, "server", client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  const become = (next: State) => {
    state = next;
    for (const [socket, side] of sides) flow(socket, side);
  };
  const cut = () => {
    state = "cut";
    for (const socket of sides.keys()) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    freeze: () => become("frozen"),
    deafen: () => become("deaf"),
    slow(ms) {
      delayMs = ms;
    },
    mend() {
      delayMs = 0;
      become("open");
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
