import type { IncomingMessage, ServerResponse } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { errorBody, PresenceError } from "@meeshy/shared/codes";
import { Fifo } from "@meeshy/shared/fifo";
import { adaptRate, mayWait, RATE_START, retryAfter, WAIT_MAX_MS } from "../core/admission.ts";
import type { GatewayMetrics } from "../metrics.ts";

/**
 * The door: in a storm of connects it lets in as many as the event loop can take without the others feeling it,
 * holds some up, and refuses the rest by HTTP (503, `Retry-After`). Refused there, before the namespace, stock
 * clients come back by themselves; after a `connect_error` of the namespace they would not.
 */
export interface Admission {
  /** Engine.IO's `allowRequest`, for new sessions only. The answer may come later; a refusal is already sent. */
  allowRequest(request: IncomingMessage, answer: (error: null, isAllowed: boolean) => void): void;
  /** A handshake begins to ask the directory; call what it gives when that is over. */
  handshake(): () => void;
  /** Refuses everyone from now on, and whoever waits. */
  close(): void;
}

interface Waiting {
  request: IncomingMessage;
  since: number;
  letIn: () => void;
}

/** Handshakes that ask the directory at the same time: more would only wait for each other, and give up. */
const HANDSHAKES_MAX = 100;
/** Connects let in at once after a quiet time, as a share of those of a second. */
const BURST_SHARE = 0.1;
const LET_IN_EVERY_MS = 10;
const ADAPT_EVERY_MS = 100;
const DELAY_RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

export function createAdmission({ metrics }: { metrics: GatewayMetrics }): Admission {
  const waiting = new Fifo<Waiting>();
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  /** runs while somebody waits */
  let lettingIn: NodeJS.Timeout | undefined;
  let rate = RATE_START;
  let tokens = rate * BURST_SHARE;
  let filledAt = performance.now();
  let handshakes = 0;
  let admitted = 0;
  let isClosed = false;

  const hasRoom = () => {
    const now = performance.now();
    tokens = Math.min(rate * BURST_SHARE, tokens + ((now - filledAt) / 1_000) * rate);
    filledAt = now;
    return tokens >= 1 && handshakes < HANDSHAKES_MAX;
  };

  const admit = (letIn: () => void) => {
    tokens--;
    admitted++;
    delay.enable();
    letIn();
  };

  const refuse = (request: IncomingMessage) => {
    metrics.admissionRefused.inc();
    answerUnavailable(request, retryAfter(waiting.length, rate, Math.random()));
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

  const adapt = () => {
    const delayMs = delay.max / NS_PER_MS - DELAY_RESOLUTION_MS;
    delay.reset();
    if (admitted > 0) rate = adaptRate(rate, { delayMs, isHeld: waiting.length > 0 });
    else delay.disable();
    admitted = 0;
  };
  const adapting = setInterval(adapt, ADAPT_EVERY_MS);

  return {
    allowRequest(request, answer) {
      // An upgrade's socket is nobody's until it is let in: a client that resets it meanwhile would end the process.
      if (request.headers.upgrade !== undefined) {
        request.socket.on("error", () => request.socket.destroy());
      }
      const allow = () => answer(null, true);
      if (isClosed) refuse(request);
      else if (waiting.length === 0 && hasRoom()) admit(allow);
      else if (mayWait(waiting.length, rate)) {
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
    close() {
      isClosed = true;
      clearInterval(lettingIn);
      clearInterval(adapting);
      delay.disable();
      for (let next = waiting.shift(); next; next = waiting.shift()) refuse(next.request);
    },
  };
}

/** Answers as the routes do (CONTRACT 5), to a request or, instead of an upgrade, on its bare socket. */
function answerUnavailable(request: IncomingMessage & { res?: ServerResponse }, retryAfterMs: number): void {
  const failure = new PresenceError("unavailable", "Too many connect at once.", { retryAfterMs });
  const body = JSON.stringify({ error: errorBody(failure) });
  const headers = {
    "retry-after": String(Math.ceil(retryAfterMs / 1_000)),
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  if (request.res) {
    request.res.writeHead(503, headers).end(body);
    return;
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  request.socket.end(`HTTP/1.1 503 Service Unavailable\r\n${lines.join("")}\r\n${body}`);
}
