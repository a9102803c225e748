import { createConnection, createServer, type Socket } from "node:net";

/** What a client is about to publish. */
export interface Outgoing {
  subject: string;
  /** headers, when there are any, and payload, as text */
  body: string;
}

/** A way from one client to a nats-server that can be shut in front of a chosen message. */
export interface NatsGate {
  url: string;
  /**
   * Lets messages pass until one matches; that one and everything after it from this client is held for good.
   * Resolves when the gate has shut. What the server sends still passes.
   */
  shutAt(isIt: (message: Outgoing) => boolean): Promise<void>;
  close(): Promise<void>;
}

const LINE_END = "\r\n";

/** Listens on a free port of 127.0.0.1 and passes on to the nats-server at `targetPort`. */
export async function startNatsGate(targetPort: number): Promise<NatsGate> {
  const sockets = new Set<Socket>();
  let isIt: (message: Outgoing) => boolean = () => false;
  let isShut = false;
  let announce: () => void = () => {};

  const shutBefore = (message: Outgoing): boolean => {
    if (!isShut && isIt(message)) {
      isShut = true;
      announce();
    }
    return isShut;
  };

  const server = createServer((client) => {
    const upstream = createConnection({ host: "127.0.0.1", port: targetPort });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    upstream.pipe(client);
    let rest: Buffer = Buffer.alloc(0);
    client.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let frame = readFrame(rest); frame; frame = readFrame(rest)) {
        rest = rest.subarray(frame.bytes.length);
        if (isShut || (frame.message && shutBefore(frame.message))) continue;
        upstream.write(frame.bytes);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the gate has no port");
  return {
    url: `nats://127.0.0.1:${address.port}`,
    shutAt(predicate) {
      isIt = predicate;
      return new Promise((resolve) => {
        announce = resolve;
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first whole operation of the client protocol; `undefined` while it is not complete. */
function readFrame(data: Buffer): { bytes: Buffer; message?: Outgoing } | undefined {
  const lineLength = data.indexOf(LINE_END);
  if (lineLength < 0) return undefined;
  const bodyAt = lineLength + LINE_END.length;
  const [operation, subject, ...rest] = data.toString("utf8", 0, lineLength).split(" ");
  if (operation !== "PUB" && operation !== "HPUB") return { bytes: data.subarray(0, bodyAt) };
  const size = Number(rest.at(-1));
  const end = bodyAt + size + LINE_END.length;
  if (data.length < end) return undefined;
  const body = data.toString("utf8", bodyAt, bodyAt + size);
  return { bytes: data.subarray(0, end), message: { subject: subject ?? "", body } };
}
