import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { errorBody, PresenceError } from "@meeshy/shared/codes";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { type Place, socketOf } from "./place.ts";

/** Passes requests of sessions that a sibling holds on to it, whole and in order, and its answers back. */
export interface Forwarder {
  request(holder: number, request: IncomingMessage, response: ServerResponse): void;
  /** A websocket of a session that began with polling: its bytes pass through this process for as long as it lives. */
  upgrade(holder: number, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Breaks off what is under way. */
  close(): void;
}

/** Requests and websockets that are passed on at the same time. */
const FORWARDED_MAX = 20_000;
/** How long a connection to a sibling is kept idle; siblings keep it for longer, so that none is used while it closes. */
const IDLE_MS = 30_000;
const CONNECTION_HEADERS = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
];

/** How Engine.IO refuses a session that it does not know: clients begin a new one at once. */
const UNKNOWN_SESSION = JSON.stringify({ code: 1, message: "Session ID unknown" });

export interface ForwarderConfig {
  place: Place;
  /** longest without a byte of a request that waits, ms: a poll is answered by the next ping at the latest */
  answerWithinMs: number;
}

export function createForwarder({ place, answerWithinMs }: ForwarderConfig, logger: Logger): Forwarder {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, timeout: IDLE_MS });
  const underWay = new Set<() => void>();
  const pathOf = (holder: number) => socketOf(place.directory, holder);

  /** Gives what ends it, once. */
  const begin = (breakOff: () => void): (() => void) => {
    underWay.add(breakOff);
    return () => void underWay.delete(breakOff);
  };

  return {
    request(holder, incoming, response) {
      if (underWay.size >= FORWARDED_MAX) return refuse(response);
      const outgoing = request({
        agent,
        socketPath: pathOf(holder),
        method: incoming.method,
        path: incoming.url,
        headers: withoutConnection(incoming.headers),
        timeout: answerWithinMs,
      });
      const end = begin(() => outgoing.destroy());
      outgoing.on("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
        answer.pipe(response);
        answer.on("error", () => response.destroy());
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${answerWithinMs} ms`)));
      outgoing.on("error", (error) => {
        logger.debug({ holder, err: error }, "request not passed on");
        if (response.headersSent || response.destroyed) response.destroy();
        else response.writeHead(400, { "content-type": "application/json" }).end(UNKNOWN_SESSION);
      });
      // A client that goes is a session that is lost: its process must see that too.
      response.on("close", () => {
        end();
        if (!response.writableFinished) outgoing.destroy();
      });
      incoming.on("error", () => outgoing.destroy());
      incoming.pipe(outgoing);
    },

    upgrade(holder, incoming, socket, head) {
      socket.on("error", () => socket.destroy());
      if (underWay.size >= FORWARDED_MAX) return abort(socket, "503 Service Unavailable", "");
      const tunnel = connect({ path: pathOf(holder), noDelay: true });
      let isOpen = false;
      const end = begin(() => {
        tunnel.destroy();
        socket.destroy();
      });
      tunnel.on("connect", () => {
        isOpen = true;
      });
      tunnel.on("error", (error) => {
        logger.debug({ holder, err: error }, "websocket not passed on");
        if (isOpen) socket.destroy();
        else abort(socket, "400 Bad Request", UNKNOWN_SESSION);
      });
      tunnel.on("close", () => isOpen && socket.destroy());
      socket.on("close", () => {
        end();
        tunnel.destroy();
      });
      // The head was read by this process, so it is written again; everything after it passes as it is.
      tunnel.write(headOf(incoming), "latin1");
      if (head.length > 0) tunnel.write(head);
      socket.pipe(tunnel).pipe(socket);
    },

    close() {
      for (const breakOff of [...underWay]) breakOff();
      agent.destroy();
    },
  };
}

/** Siblings keep an idle connection for so long, ms. */
export const KEEP_ALIVE_MS = 2 * IDLE_MS;

function withoutConnection(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...headers };
  for (const name of CONNECTION_HEADERS) delete kept[name];
  return kept;
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let n = 0; n + 1 < rawHeaders.length; n += 2) lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function refuse(response: ServerResponse): void {
  const failure = new PresenceError("unavailable", "Too many sessions at once.", { retryAfterMs: 1_000 });
  const headers = { "content-type": "application/json", "retry-after": "1", connection: "close" };
  response.writeHead(503, headers).end(JSON.stringify({ error: errorBody(failure) }));
}

function abort(socket: Duplex, status: string, body: string): void {
  const length = Buffer.byteLength(body);
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
  );
}
