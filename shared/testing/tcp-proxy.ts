import { createConnection, createServer, type Socket } from "node:net";

/** A way between a client and a server on this machine that can be broken. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection at once and refuses new ones. */
  cut(): void;
  /** Breaks every connection at once; new ones pass. */
  drop(): void;
  /** Keeps every connection open and passes nothing on, in either direction, as an unplugged cable does. */
  freeze(): void;
  /** The server receives, the client receives nothing. */
  deafen(): void;
  /** The client receives, the server receives nothing. */
  mute(): void;
  /** What the server sends arrives `ms` later, in order: every request takes that much longer. */
  slow(ms: number): void;
  /** At most so many bytes a second pass in each direction of a connection; senders are held back. */
  narrow(bytesPerSecond: number): void;
  /** Connections pass again, at full speed; what stood still flows on. */
  mend(): void;
  close(): Promise<void>;
}

export interface TcpProxyOptions {
  /** Changes the first piece of data that a client sends over each connection; throws: the connection ends. */
  onFirstChunk?(chunk: Buffer): Buffer;
}

type State = "open" | "cut" | "frozen" | "deafened" | "muted";
type Side = "client" | "server";

/** How fast data passes: a delay in ms, and bytes a second. */
interface Pace {
  delayMs: number;
  bytesPerSecond: number;
}

const FULL_SPEED: Pace = { delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

/** A narrow way holds so many bytes before the sender is held back, as a router's queue does. */
const NARROW_QUEUE_BYTES = 65_536;

/** One direction of one connection. */
interface Flow {
  from: Socket;
  /** Looks at the state and the pace anew. */
  update(): void;
}

/** Listens on a free port of 127.0.0.1 and passes connections on to `targetPort`. */
export async function startTcpProxy(targetPort: number, options: TcpProxyOptions = {}): Promise<TcpProxy> {
  const flows = new Set<Flow>();
  let state: State = "open";
  let pace = FULL_SPEED;

  const isBlocked = (side: Side) =>
    state === "frozen" ||
    (state === "deafened" && side === "server") ||
    (state === "muted" && side === "client");
  const paceOf = (side: Side): Pace => (side === "server" ? pace : { ...pace, delayMs: 0 });

  const join = (from: Socket, side: Side, to: Socket) => {
    const rewrite = side === "client" ? options.onFirstChunk : undefined;
    const flow = createFlow(from, to, () => (isBlocked(side) ? undefined : paceOf(side)), rewrite);
    flows.add(flow);
    from.on("close", () => flows.delete(flow));
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
    for (const flow of flows) flow.update();
  };
  const drop = () => {
    for (const { from } of flows) from.destroy();
  };
  const cut = () => {
    state = "cut";
    drop();
  };
  return {
    port: address.port,
    cut,
    drop,
    freeze: () => become("frozen"),
    deafen: () => become("deafened"),
    mute: () => become("muted"),
    slow(ms) {
      pace = { ...pace, delayMs: ms };
    },
    narrow(bytesPerSecond) {
      pace = { ...pace, bytesPerSecond };
    },
    mend() {
      pace = FULL_SPEED;
      become("open");
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes on what `from` sends, at the pace of the moment; `undefined`: nothing passes. */
function createFlow(
  from: Socket,
  to: Socket,
  paceNow: () => Pace | undefined,
  rewrite: TcpProxyOptions["onFirstChunk"],
): Flow {
  const waiting: { chunk: Buffer; due: number }[] = [];
  let waitingBytes = 0;
  let lastDue = 0;
  let isFirst = true;
  let isFull = false;
  let timer: NodeJS.Timeout | undefined;

  const update = () => {
    clearTimeout(timer);
    const pace = paceNow();
    // What waits is not held for the sake of a pace that is over; its order stays.
    const isFast = pace?.delayMs === 0 && pace.bytesPerSecond === Number.POSITIVE_INFINITY;
    while (pace && !isFull && waiting[0] && (isFast || waiting[0].due <= performance.now())) {
      waitingBytes -= waiting[0].chunk.length;
      isFull = !to.write(waiting[0].chunk);
      waiting.shift();
    }
    const isQueueFull = pace !== undefined && pace.bytesPerSecond !== Number.POSITIVE_INFINITY;
    if (!pace || isFull || (isQueueFull && waitingBytes > NARROW_QUEUE_BYTES)) from.pause();
    else from.resume();
    if (pace && !isFull && waiting[0])
      timer = setTimeout(update, Math.max(0, waiting[0].due - performance.now()));
  };

  from.on("data", (chunk: Buffer) => {
    let passed = chunk;
    if (isFirst && rewrite) {
      try {
        passed = rewrite(chunk);
      } catch {
        from.destroy();
        return;
      }
    }
    isFirst = false;
    const { delayMs, bytesPerSecond } = paceNow() ?? FULL_SPEED;
    lastDue = Math.max(lastDue, performance.now() + delayMs) + (1_000 * passed.length) / bytesPerSecond;
    waiting.push({ chunk: passed, due: lastDue });
    waitingBytes += passed.length;
    update();
  });
  to.on("drain", () => {
    isFull = false;
    update();
  });
  from.on("error", () => {});
  from.on("close", () => {
    clearTimeout(timer);
    to.destroy();
  });
  update();
  return { from, update };
}
