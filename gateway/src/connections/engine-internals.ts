import type { IncomingMessage } from "node:http";
import type { Server, Socket } from "socket.io";

/**
 * All that relies on how Socket.IO 4.8 and Engine.IO 6.6 work inside, beyond what they document. When you raise their
 * versions, run `gateway/test/connections/engine-internals.int.test.ts`, which fails where one of these has changed.
 */

type EngineSocket = Socket["conn"];
type OnEngine = Pick<Socket, "conn">;

/** Packet types of Engine.IO (4: message) and Socket.IO (2: event, of the root namespace). */
const MESSAGE = "4";
const EVENT = "2";

/**
 * Frames that leave a socket in one go cost one system call, not one each. A client that began with polling still has
 * the first request's socket here, where corking changes nothing.
 */
export function sendFramesTogether({ engine }: Pick<Server, "engine">): void {
  // The answer to the upgrade is about to be written, and the first packet follows in the same turn.
  engine.on("initial_headers", (_: unknown, { headers, socket }: IncomingMessage) => {
    if (headers.upgrade === undefined) return;
    socket.cork();
    setImmediate(() => socket.uncork());
  });
  engine.on("flush", ({ request }: EngineSocket, { length }: unknown[]) => {
    if (length > 1) request.socket.cork();
  });
  engine.on("drain", ({ request }: EngineSocket) => void request.socket.uncork());
}

/** Longest time for which frames are held back, ms: a client must not wait for what is not coming. */
const HELD_MAX_MS = 100;

/**
 * Holds back what is sent to a socket, in order, until what this gives is called, or for 100 ms: then it leaves together.
 * Over polling nothing is held.
 */
export function holdFrames({ conn }: OnEngine): () => void {
  const { transport } = conn;
  if (transport.name !== "websocket" || !transport.writable) return () => {};
  transport.writable = false;
  const release = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    transport.writable = true;
    // biome-ignore lint/complexity/useLiteralKeys: private in Engine.IO, which sends by itself only when a send has ended
    conn["flush"]();
  };
  let timer: NodeJS.Timeout | undefined = setTimeout(release, HELD_MAX_MS);
  return release;
}

/** Sends to one socket what was encoded. */
export interface Prepared {
  (socket: OnEngine): void;
  /** the size of the packet */
  readonly bytes: number;
}

/** Encodes an event of JSON values once; what it gives sends it to any open socket, past the rooms and the adapter. */
export function prepareEvent(event: string, payload: readonly unknown[]): Prepared {
  const packet = EVENT + JSON.stringify([event, ...payload]);
  // Engine.IO's option for frames that are the same for many; polling takes the packet itself.
  const frame = textFrame(MESSAGE + packet);
  const options = { compress: true, wsPreEncodedFrame: [frame] };
  const send = ({ conn }: OnEngine) => void conn.write(packet, options);
  return Object.assign(send, { bytes: frame.length });
}

/** What waits for a socket that does not take it, beyond what its network holds. */
export function waitingFor({ conn }: OnEngine): { frames: number; chars: number } {
  // biome-ignore lint/complexity/useLiteralKeys: private in Engine.IO, which has no public word for what waits
  const waiting: { data?: unknown }[] = conn["writeBuffer"];
  const chars = waiting.reduce((sum, { data }) => sum + (typeof data === "string" ? data.length : 0), 0);
  return { frames: waiting.length, chars };
}

/**
 * Gives the client of a socket that is about to join its namespace a `pid`, as connection state recovery would: clients
 * of Socket.IO 4 send it back when they connect again by themselves, others ignore it.
 */
export function givePid(socket: Socket, pid: string): void {
  Object.assign(socket, { pid });
}

/** Closes the transport without waiting for what is still to be sent. Stock clients connect again. */
export function closeTransport({ conn }: OnEngine): void {
  conn.close(true);
}

const TEXT_AND_LAST = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** A whole text message as a server sends it: one WebSocket frame (RFC 6455, 5.2) in one piece of memory. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < LENGTH_16 ? 2 : length <= 0xffff ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = TEXT_AND_LAST;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head);
  return frame;
}
