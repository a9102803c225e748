import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { ERRORS, type ErrorBody, errorBody, PresenceError } from "@meeshy/shared/codes";
import { Fifo } from "@meeshy/shared/fifo";
import { mayWait, retryAfter, WAIT_MAX_MS } from "../core/admission.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { createConnectRate } from "./connect-rate.ts";

/**
 * Admission control: in a storm of connects it lets in as many as the event loop can take without the others feeling it,
 * holds some up, and refuses the rest by HTTP (503, `Retry-After`), and everyone while none can be served. Refused
 * here, before the namespace, stock clients come back by themselves; after a `connect_error` of the namespace they would
 * not.
 */
export interface AdmissionControl {
  /** Engine.IO's `allowRequest`, for new sessions only. The answer may come later; a refusal is already sent. */
  allowRequest(request: IncomingMessage, answer: (error: null, isAllowed: boolean) => void): void;
  /** A handshake begins to ask the directory; call what it gives when that is over. */
  handshake(): () => void;
  /** Refuses everyone from now on, those who wait included. */
  close(): void;
  isClosed(): boolean;
}

interface HeldRequest {
  request: IncomingMessage;
  since: number;
  letIn: () => void;
}

/** Handshakes that ask the directory at the same time: more would only wait for each other, and give up. */
const HANDSHAKES_MAX = 100;
const LET_IN_EVERY_MS = 10;

export interface AdmissionDeps {
  metrics: GatewayMetrics;
  /** Whether a connection can be served at all now: otherwise its client is refused, instead of waiting for nothing. */
  canServe: (request: IncomingMessage) => boolean;
  /**
   * Counts a new session for its address.
   * @throws {PresenceError} `rate_limited`: too many come from there
   */
  limit?: (request: IncomingMessage) => void;
}

export function createAdmissionControl({
  metrics,
  canServe,
  limit = () => {},
}: AdmissionDeps): AdmissionControl {
  const waiting = new Fifo<HeldRequest>();
  const rate = createConnectRate(() => waiting.length > 0);
  /** runs while requests wait */
  let lettingIn: NodeJS.Timeout | undefined;
  let handshakes = 0;
  let isClosed = false;

  const hasRoom = () => rate.hasRoom() && handshakes < HANDSHAKES_MAX;

  const admit = (letIn: () => void) => {
    rate.take();
    letIn();
  };

  const refuse = (request: IncomingMessage) => {
    metrics.admissionRefused.inc();
    answerUnavailable(request, retryAfter(waiting.length, rate.perSecond(), Math.random()));
  };

  const letIn = () => {
    for (let next = waiting.peek(); next; next = waiting.peek()) {
      const isGone = next.request.socket.destroyed;
      const isLate = performance.now() - next.since > WAIT_MAX_MS;
      if (!isGone && !isLate && !hasRoom()) return;
      waiting.shift();
      if (isGone) continue;
      if (isLate) refuse(next.request);
      else admit(next.letIn);
    }
    clearInterval(lettingIn);
    lettingIn = undefined;
  };

  return {
    allowRequest(request, answer) {
      // An upgrade's socket has no owner until it is let in: a client that resets it meanwhile would end the process.
      if (request.headers.upgrade !== undefined) {
        request.socket.on("error", () => request.socket.destroy());
      }
      const allow = () => answer(null, true);
      try {
        limit(request);
      } catch (error) {
        answerRefusal(request, errorBody(error));
        return;
      }
      if (isClosed || !canServe(request)) refuse(request);
      else if (waiting.length === 0 && hasRoom()) admit(allow);
      else if (mayWait(waiting.length, rate.perSecond())) {
        waiting.push({ request, since: performance.now(), letIn: allow });
        lettingIn ??= setInterval(letIn, LET_IN_EVERY_MS);
      } else refuse(request);
    },
    handshake() {
      handshakes++;
      return () => {
        handshakes--;
      };
    },
    isClosed: () => isClosed,
    close() {
      isClosed = true;
      clearInterval(lettingIn);
      rate.stop();
      for (let next = waiting.shift(); next; next = waiting.shift()) refuse(next.request);
    },
  };
}

function answerUnavailable(request: IncomingMessage, retryAfterMs: number): void {
  const failure = new PresenceError("unavailable", "No connection can be accepted now.", { retryAfterMs });
  answerRefusal(request, errorBody(failure));
}

/** Answers as the routes do (CONTRACT 5), to a request or, instead of an upgrade, on its bare socket. */
function answerRefusal(request: IncomingMessage & { res?: ServerResponse }, failure: ErrorBody): void {
  const body = JSON.stringify({ error: failure });
  const status = ERRORS[failure.code].http;
  const headers = {
    "retry-after": String(Math.ceil((failure.retryAfterMs ?? 0) / 1_000)),
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  if (request.res) {
    request.res.writeHead(status, headers).end(body);
    return;
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  request.socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}
