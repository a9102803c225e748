import { setTimeout as pause } from "node:timers/promises";
import type { Numbering } from "../events.ts";
import { Fifo } from "../fifo.ts";
import type { AckCallback } from "./ack-inbox.ts";
import { Backlog, type Place } from "./backlog.ts";
import type { NatsLink } from "./connect.ts";
import { MAX_EVENT_BYTES } from "./streams.ts";

/**
 * Writes numbered messages into the log, in order and without loss for as long as the process lives
 * (DESIGN "Exactly once, without ids", ADR 0002).
 *
 * Every message carries this life's id and a number that counts its partition's messages. When an ack
 * is lost or the link breaks, nothing new is sent; once the link answers again, everything from the
 * first unacknowledged message on is sent again, in order, acknowledged ones included: the partition
 * accepts only the next number, so what it has is ignored and what it misses is filled in.
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
const RETRY_MS = 100;

interface Entry {
  subject: string;
  partition: number;
  message: Unnumbered;
  data: Uint8Array;
  seq: number | null;
  resolve: (seq: number) => void;
  reject: (error: Error) => void;
}

const NOT_ENCODED = new Uint8Array();

/** `startsAfter`: nothing is sent, or numbered, before. */
export function createLogPublisher(
  link: NatsLink,
  id: string,
  { startsAfter }: { startsAfter?: Promise<void> } = {},
): LogPublisher {
  const encoder = new TextEncoder();
  const numbers = new Map<number, number>();
  const sent = new Fifo<Entry>();
  const unsent = new Backlog<Entry>();
  /** grows at each resend: acks of an earlier attempt do not count, since what went before them may be missing */
  let attempt = 0;
  let halted = false;
  let started = startsAfter === undefined;
  let closed = false;

  /** Gives the message its place in the order; `false` when it is too large to have one. */
  const number = (entry: Entry): boolean => {
    const next = (numbers.get(entry.partition) ?? 0) + 1;
    entry.data = encoder.encode(JSON.stringify({ ...entry.message, publisher: id, number: next }));
    if (entry.data.length > MAX_EVENT_BYTES) return false;
    numbers.set(entry.partition, next);
    return true;
  };

  const transmit = (entry: Entry) => {
    const mine = attempt;
    const onAck: AckCallback = (error, ack) => {
      if (closed || mine !== attempt) return;
      if (error) {
        halt();
        return;
      }
      entry.seq = ack?.seq ?? 0;
      release();
    };
    link.acks.send(entry.subject, entry.data, onAck);
  };

  const release = () => {
    for (let entry = sent.peek(); entry?.seq != null; entry = sent.peek()) {
      entry.resolve(entry.seq);
      sent.shift();
    }
    flow();
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
      await link.nc.flush();
      return link.isUp();
    } catch {
      return false;
    }
  };

  const resume = async () => {
    do {
      await pause(RETRY_MS);
      if (closed || link.nc.isClosed()) return;
    } while (!(await answers()));
    if (closed) return;
    halted = false;
    for (const entry of sent) {
      entry.seq = null;
      transmit(entry);
    }
    flow();
  };

  const unsubscribe = link.onChange((up) => {
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
        const entry = { subject, partition, message, data: NOT_ENCODED, seq: null, resolve, reject };
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
