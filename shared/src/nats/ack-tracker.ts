import { type AckCallback, AckLost, type PubAck, PublishRefused } from "../ports/bus.ts";
import type { Clock, Timer } from "../ports/clock.ts";

/**
 * Which publishes wait for the broker's acknowledgement, and for how long. The time that acknowledgements take is
 * measured, as TCP does it (RFC 6298): one counts as lost when it takes much longer than those before it, and after
 * each loss without an answer in between twice as long is waited. A fixed time would be wrong on a slow link: every
 * acknowledgement would come too late, and everything would be sent again and again.
 */
export interface AckTracker {
  /** Begins to wait; gives the token by which the answer is recognized. */
  expect(subject: string, onAck: AckCallback, onLate?: (ack: PubAck) => void): string;
  /** The broker's answer to a token: it may be late, unknown, or not an answer at all. */
  answer(token: string, data: Uint8Array): void;
  /** The broker refused the message before it was sent. */
  refuse(token: string, code: number, description: string): void;
  /** The link broke: what was sent over it counts as lost now. */
  linkBroke(): void;
  /** Everything counts as lost, now and from now on. */
  close(): void;
  /** ms after which an acknowledgement that is asked for now counts as lost */
  timeout(): number;
}

export const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** Lost acknowledgements that are recognized when they come after all. */
const LATE_REMEMBERED = 20_000;

interface Waiting {
  subject: string;
  onAck: AckCallback;
  onLate: ((ack: PubAck) => void) | undefined;
  sentAt: number;
  lostAt: number;
}

export function createAckTracker(clock: Clock): AckTracker {
  const waiting = new Map<string, Waiting>();
  const late = new Map<string, Waiting>();
  let next = 0;
  let closed = false;
  let timer: Timer | undefined;
  let mean: number | undefined;
  let deviation = 0;
  let backOff = 1;
  /** when the acknowledgement was sent for that raised the back-off last */
  let lossNotedAt = Number.NEGATIVE_INFINITY;

  const timeout = () => {
    const measured = mean === undefined ? 0 : mean + 4 * deviation;
    return Math.min(MAX_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, measured) * backOff);
  };
  const measure = (ms: number) => {
    if (mean === undefined) {
      mean = ms;
      deviation = ms / 2;
    } else {
      deviation += (Math.abs(ms - mean) - deviation) / 4;
      mean += (ms - mean) / 8;
    }
  };

  const lose = (token: string, entry: Waiting) => {
    waiting.delete(token);
    late.set(token, entry);
    if (late.size > LATE_REMEMBERED) late.delete(late.keys().next().value as string);
    entry.onAck(new AckLost(entry.subject), null);
  };
  const look = () => {
    const now = clock.now();
    for (const [token, entry] of waiting) {
      if (entry.lostAt > now) continue;
      // Of those that were sent before the last loss showed, none says anything new about the time.
      if (entry.sentAt > lossNotedAt) {
        lossNotedAt = now;
        backOff = Math.min(backOff * 2, MAX_TIMEOUT_MS / MIN_TIMEOUT_MS);
      }
      lose(token, entry);
    }
    if (waiting.size > 0) return;
    timer?.cancel();
    timer = undefined;
  };

  return {
    expect(subject, onAck, onLate) {
      const token = (next++).toString(36);
      const sentAt = clock.now();
      const entry = { subject, onAck, onLate, sentAt, lostAt: sentAt + timeout() };
      if (closed) {
        queueMicrotask(() => onAck(new AckLost(subject), null));
        return token;
      }
      waiting.set(token, entry);
      timer ??= clock.every(LOOK_EVERY_MS, look);
      return token;
    },
    answer(token, data) {
      const entry = waiting.get(token) ?? late.get(token);
      if (entry === undefined) return;
      const answer = parse(data);
      const isLate = !waiting.delete(token);
      late.delete(token);
      // No stream takes the subject, or it is not JetStream that answers.
      if (answer === undefined) {
        if (!isLate) entry.onAck(new AckLost(entry.subject), null);
        return;
      }
      measure(clock.now() - entry.sentAt);
      backOff = 1;
      if ("error" in answer) {
        const { err_code, code, description } = answer.error;
        if (!isLate) entry.onAck(new PublishRefused(entry.subject, err_code ?? code, description), null);
      } else if (isLate) entry.onLate?.(answer);
      else entry.onAck(null, answer);
    },
    refuse(token, code, description) {
      queueMicrotask(() => {
        const entry = waiting.get(token);
        waiting.delete(token);
        entry?.onAck(new PublishRefused(entry.subject, code, description), null);
      });
    },
    linkBroke() {
      backOff = 1;
      for (const [token, entry] of [...waiting]) lose(token, entry);
    },
    close() {
      closed = true;
      timer?.cancel();
      for (const [token, entry] of [...waiting]) lose(token, entry);
    },
    timeout,
  };
}

type Answer = PubAck | { error: { err_code?: number; code: number; description: string } };

/** A throw inside a client's callback would end its reading: what is not an answer is `undefined`. */
function parse(data: Uint8Array): Answer | undefined {
  if (data.length === 0) return undefined;
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(data));
    const isAnswer = typeof answer === "object" && answer !== null && ("error" in answer || "seq" in answer);
    return isAnswer ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}
