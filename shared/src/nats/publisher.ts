import type { Numbering } from "../events.ts";
import { Fifo } from "../fifo.ts";
import { type AckCallback, type Bus, PublishRefused } from "../ports/bus.ts";
import { versioned } from "../versions.ts";
import { Backlog, type Place } from "./backlog.ts";
import { toBytes } from "./last-value.ts";
import { MAX_EVENT_BYTES } from "./streams.ts";

/**
 * Writes numbered messages into the log, in order and without loss for as long as the process lives
 * (DESIGN "Exactly once, without ids", ADR 0002).
 *
 * Every message carries this life's id and a number that counts its partition's messages. When an ack
 * is lost or the link breaks, nothing new is sent; once the link answers again, everything from the
 * first unacknowledged message on is sent again, in order, acknowledged ones included: the partition
 * accepts only the next number, so what it has is ignored and what it misses is filled in.
 *
 * A message has its place in the partition as soon as one of its copies was stored behind a copy of the message
 * before it that had its place. The sequences in the acknowledgements prove that, of whichever attempt they are and
 * however late: so a link on which acknowledgements take longer than they are waited for still makes progress.
 */
export interface LogPublisher {
  readonly id: string;
  /**
   * Resolves with the log sequence once the message, and all before it, are in the log; with 0 when a later
   * one, as `place` says, has made it needless before it had a number. Rejects with {@link MessageTooLarge},
   * which takes no number, or {@link PublisherClosed}.
   */
  publish(
    target: { subject: string; partition: number },
    message: Unnumbered,
    place?: Place,
  ): Promise<number>;
  /** messages not yet acknowledged: waiting and sent */
  backlog(): number;
  /** Gives up what is not acknowledged. */
  close(): void;
}

/** A message of the log before it has a place in its publisher's order. */
export interface Unnumbered extends Omit<Numbering, "publisher" | "number"> {
  event: object;
}

export class PublisherClosed extends Error {
  constructor(id: string) {
    super(`publisher ${id} is closed`);
    this.name = "PublisherClosed";
  }
}

/** The log takes messages up to {@link MAX_EVENT_BYTES}; sent, it would be refused for ever and hold up all after it. */
export class MessageTooLarge extends Error {
  constructor(subject: string, bytes: number) {
    super(`${subject}: a message of ${bytes} bytes; the log takes ${MAX_EVENT_BYTES}`);
    this.name = "MessageTooLarge";
  }
}

/** Messages sent and not yet acknowledged, at most. */
const WINDOW = 2_000;
/** Before everything is sent again; twice as long after each refusal. */
const RETRY_MS = 100;
const RETRY_MAX_MS = 400;

interface Entry {
  subject: string;
  partition: number;
  message: Unnumbered;
  data: Uint8Array;
  /** log sequences of the copies that are known to be stored, ascending; of most there is one */
  stored: number[];
  /** the latest attempt in which a copy was acknowledged */
  ackedIn: number;
  resolve: (seq: number) => void;
  reject: (error: Error) => void;
}

const NEVER = -1;
const RELEASED = Number.POSITIVE_INFINITY;
const NOT_ENCODED = new Uint8Array();

/** `startsAfter`: nothing is sent, or numbered, before. */
export function createLogPublisher(
  bus: Bus,
  id: string,
  { startsAfter }: { startsAfter?: Promise<void> } = {},
): LogPublisher {
  const numbers = new Map<number, number>();
  /** the log sequence by which the last message released had its place, for each partition */
  const placedAt = new Map<number, number>();
  const sent = new Fifo<Entry>();
  const unsent = new Backlog<Entry>();
  /** grows at each resend */
  let attempt = 0;
  /** refusals, one after the other: of a log without room, nothing is gained by asking often */
  let refusals = 0;
  let halted = false;
  let started = startsAfter === undefined;
  let closed = false;

  /** Gives the message its place in the order; `false` when it is too large to have one. */
  const number = (entry: Entry): boolean => {
    const next = (numbers.get(entry.partition) ?? 0) + 1;
    entry.data = toBytes(versioned("logMessage", { ...entry.message, publisher: id, number: next }));
    if (entry.data.length > MAX_EVENT_BYTES) return false;
    numbers.set(entry.partition, next);
    return true;
  };

  const transmit = (entry: Entry) => {
    const mine = attempt;
    const note = (seq: number) => {
      if (closed || entry.ackedIn === RELEASED) return;
      entry.stored.push(seq);
      entry.stored.sort((a, b) => a - b);
      entry.ackedIn = Math.max(entry.ackedIn, mine);
      release();
    };
    const onAck: AckCallback = (error, ack) => {
      if (ack) note(ack.seq);
      else if (!closed && mine === attempt && entry.ackedIn !== RELEASED) {
        refusals = error instanceof PublishRefused ? refusals + 1 : 0;
        halt();
      }
    };
    bus.acks.send(entry.subject, entry.data, onAck, { onLate: ({ seq }) => note(seq) });
  };

  /** The sequence by which the message has its place; `undefined` while that is not proved. */
  const placeOf = ({ partition, stored }: Entry): number | undefined => {
    const before = placedAt.get(partition) ?? 0;
    return stored.find((seq) => seq > before);
  };

  const release = () => {
    for (let entry = sent.peek(); entry; entry = sent.peek()) {
      const seq = placeOf(entry);
      if (seq === undefined) {
        if (entry.ackedIn === attempt) beginAgain(entry.partition);
        break;
      }
      placedAt.set(entry.partition, seq);
      entry.ackedIn = RELEASED;
      entry.resolve(seq);
      sent.shift();
      refusals = 0;
    }
    flow();
  };

  /** Sequences go back: the log was made anew or put back, or servers reordered. What follows proves its place anew. */
  const beginAgain = (partition: number) => {
    placedAt.delete(partition);
    for (const entry of sent) if (entry.partition === partition) entry.stored = [];
    halt();
  };

  const flow = () => {
    while (started && !halted && !closed && sent.length < WINDOW) {
      const entry = unsent.shift();
      if (entry === undefined) return;
      if (!number(entry)) {
        entry.reject(new MessageTooLarge(entry.subject, entry.data.length));
        continue;
      }
      sent.push(entry);
      transmit(entry);
    }
  };

  const halt = () => {
    if (halted || closed) return;
    halted = true;
    attempt++;
    void resume();
  };

  const answers = async (): Promise<boolean> => {
    try {
      // Rejects when the link breaks meanwhile, a stalled server included: it misses its pings.
      await bus.flush();
      return bus.isUp();
    } catch {
      return false;
    }
  };

  const resume = async () => {
    do {
      await bus.clock.sleep(Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** refusals));
      if (closed || bus.isClosed()) return;
    } while (!(await answers()));
    if (closed) return;
    halted = false;
    for (const entry of [...sent]) transmit(entry);
    flow();
  };

  const unsubscribe = bus.onChange((up) => {
    if (!up && sent.length > 0) halt();
  });

  void startsAfter?.then(() => {
    started = true;
    flow();
  });

  return {
    id,
    publish: ({ subject, partition }, message, place) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new PublisherClosed(id));
          return;
        }
        const entry = {
          subject,
          partition,
          message,
          data: NOT_ENCODED,
          stored: [],
          ackedIn: NEVER,
          resolve,
          reject,
        };
        for (const needless of unsent.push(entry, place)) needless.resolve(0);
        flow();
      }),
    backlog: () => sent.length + unsent.length,
    close() {
      closed = true;
      unsubscribe();
      for (const queue of [sent, unsent]) {
        for (let entry = queue.shift(); entry; entry = queue.shift()) entry.reject(new PublisherClosed(id));
      }
    },
  };
}
