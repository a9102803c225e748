import { type AckCallback, AckLost, type LateAnswers, type PubAck, PublishRefused } from "../ports/bus.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { createPatience, type Patience } from "./patience.ts";

/** Which publishes wait for the broker's acknowledgement, each for as long as {@link createPatience} gives. */
export interface AckTracker {
  /** Begins to wait; gives the token by which the answer is recognized. */
  expect(subject: string, onAck: AckCallback, late?: LateAnswers): string;
  /** The broker's answer to a token: it may be late, unknown, or not an answer at all. */
  answer(token: string, data: Uint8Array): void;
  /** The broker refused the message before it was sent. */
  refuse(token: string, code: number, description: string): void;
  /** The link broke: what was sent over it counts as lost now. */
  linkBroke(): void;
  /** Everything counts as lost, now and from now on. */
  close(): void;
}

const LOOK_EVERY_MS = 100;
/** Lost acknowledgements that are recognized when they come after all. */
const LATE_REMEMBERED = 20_000;

interface Waiting {
  subject: string;
  onAck: AckCallback;
  ifLate: LateAnswers;
  sentAt: number;
}

/**
 * Looks every 100 ms for what has waited too long; recognizes the late answers to the 20,000 publishes lost
 * last.
 */
export function createAckTracker(clock: Clock, patience: Patience = createPatience()): AckTracker {
  /** in the order in which they were sent */
  const waiting = new Map<string, Waiting>();
  const late = new Map<string, Waiting>();
  let next = 0;
  let closed = false;
  let timer: Timer | undefined;
  const lose = (token: string, entry: Waiting) => {
    waiting.delete(token);
    late.set(token, entry);
    if (late.size > LATE_REMEMBERED) late.delete(late.keys().next().value as string);
    entry.onAck(new AckLost(entry.subject), null);
  };
  const look = () => {
    const now = clock.now();
    // As of now: the time may have turned out to be shorter since it was sent.
    const most = patience.ms();
    for (const [token, entry] of waiting) {
      if (now - entry.sentAt < most) break;
      lose(token, entry);
    }
    if (waiting.size > 0) return;
    timer?.cancel();
    timer = undefined;
  };

  return {
    expect(subject, onAck, ifLate = {}) {
      const token = (next++).toString(36);
      const sentAt = clock.now();
      const entry = { subject, onAck, ifLate, sentAt };
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
      patience.answered(clock.now() - entry.sentAt);
      if ("error" in answer) {
        const { err_code, code, description } = answer.error;
        const refused = new PublishRefused(entry.subject, err_code ?? code, description);
        if (isLate) entry.ifLate.onLateRefusal?.(refused);
        else entry.onAck(refused, null);
      } else if (isLate) entry.ifLate.onLate?.(answer);
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
      for (const [token, entry] of [...waiting]) lose(token, entry);
    },
    close() {
      closed = true;
      timer?.cancel();
      for (const [token, entry] of [...waiting]) lose(token, entry);
    },
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
