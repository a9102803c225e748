import type { Numbering } from "../events.ts";
import { type AckCallback, type Bus, PublishRefused } from "../ports/bus.ts";
import { versioned } from "../versions.ts";
import { Backlog, type CoalesceKey } from "./backlog.ts";
import { toBytes } from "./last-value.ts";
import { isReleased, NEVER_ACKED, type SentMessage, SentMessages } from "./sent-messages.ts";
import { MAX_EVENT_BYTES } from "./streams.ts";

/**
 * Writes numbered messages into the log, in order and without loss for as long as the process lives
 * (ARCHITECTURE "Numbered publishers", ADR 0002).
 *
 * Every message carries this life's id and a number that counts its partition's messages. When an ack is lost
 * or the link breaks, nothing new is sent; once the link answers again, everything from the first
 * unacknowledged message on is sent again, in order, acknowledged ones included: the partition accepts only
 * the next number, so what it has is ignored and what it misses is filled in.
 *
 * A message has its place in the partition as soon as one of its copies was stored behind a copy of the
 * message before it that had its place. The sequences in the acknowledgements prove that, of whichever
 * attempt they are and however late: so a link on which acknowledgements take longer than they are waited for
 * still makes progress.
 *
 * At most 2,000 messages are on their way. The others wait without a number, so that those which later ones
 * supersede (`coalesce`) are never sent and leave no hole.
 *
 * A message says how long it had waited when it was sent, at each attempt anew: what happened in an outage is not
 * dated by its end.
 *
 * What fails: a refusal (a log without room) counts as a lost ack, and is tried again after 200 to 400 ms.
 * When the oldest message is acknowledged in the present attempt and still has no place, the log was made
 * anew or put back: the messages of its partition prove their places anew. A message that is too large gets
 * no number, since it would be refused for ever and hold up all after it. What has no ack when the process
 * ends may be lost.
 */
export interface LogPublisher {
  readonly id: string;
  /**
   * Resolves with the log sequence once the message, and all before it of its partition, are in the log; with
   * 0 when a later one, by `coalesce`, has superseded it before it had a number. Waits for as long as that
   * takes.
   * @throws {MessageTooLarge} over 256 KiB; it takes no number
   * @throws {PublisherClosed} before the message was acknowledged: it may be in the log
   */
  publish(
    target: { subject: string; partition: number },
    message: Unnumbered,
    coalesce?: CoalesceKey,
  ): Promise<number>;
  /** messages not yet acknowledged: waiting and sent */
  backlog(): number;
  /** since when the oldest of them waits, monotonic ms; `undefined`: there is none */
  waitingSince(): number | undefined;
  /** Gives up what is not acknowledged: each rejects with {@link PublisherClosed}. */
  close(): void;
}

/** A message of the log before it has a place in its publisher's order. */
interface Unnumbered extends Omit<Numbering, "publisher" | "number" | "waitedMs"> {
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
/** A shorter wait is not written down, ms. */
const NOTICEABLE_MS = 100;
/** What the wait may add to a message, bytes. */
const ROOM_FOR_WAIT = 32;

interface Entry extends SentMessage {
  subject: string;
  message: Unnumbered;
  /** monotonic ms */
  since: number;
  /** in its partition; 0: none yet */
  number: number;
  resolve: (seq: number) => void;
  reject: (error: Error) => void;
}

/**
 * `id`: of this life alone, since numbers begin at 1 again with the next. `startsAfter`: nothing is sent, or
 * numbered, before. It must not reject.
 */
export function createLogPublisher(
  bus: Bus,
  id: string,
  { startsAfter }: { startsAfter?: Promise<void> } = {},
): LogPublisher {
  return new NumberedPublisher(bus, id, startsAfter);
}

class NumberedPublisher implements LogPublisher {
  readonly id: string;
  readonly #bus: Bus;
  readonly #unsubscribe: () => void;
  /** the last number given in each partition */
  readonly #numbers = new Map<number, number>();
  readonly #sent = new SentMessages<Entry>();
  readonly #unsent = new Backlog<Entry>();
  /** grows at each resend */
  #attempt = 0;
  /** refusals, one after the other: of a log without room, nothing is gained by asking often */
  #refusals = 0;
  #started: boolean;
  /** nothing is sent until the link has answered again */
  #halted = false;
  #closed = false;

  constructor(bus: Bus, id: string, startsAfter: Promise<void> | undefined) {
    this.id = id;
    this.#bus = bus;
    this.#started = startsAfter === undefined;
    this.#unsubscribe = bus.onChange((up) => {
      if (!up && this.#sent.length > 0) this.#halt();
    });
    void startsAfter?.then(() => {
      this.#started = true;
      this.#sendWaiting();
    });
  }

  publish(
    { subject, partition }: { subject: string; partition: number },
    message: Unnumbered,
    coalesce?: CoalesceKey,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new PublisherClosed(this.id));
        return;
      }
      const entry: Entry = {
        subject,
        partition,
        message,
        since: this.#bus.clock.now(),
        number: 0,
        stored: [],
        ackedIn: NEVER_ACKED,
        resolve,
        reject,
      };
      for (const superseded of this.#unsent.push(entry, coalesce)) superseded.resolve(0);
      this.#sendWaiting();
    });
  }

  backlog(): number {
    return this.#sent.length + this.#unsent.length;
  }

  waitingSince(): number | undefined {
    return (this.#sent.oldest() ?? this.#unsent.oldest())?.since;
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    for (const queue of [this.#sent, this.#unsent]) {
      for (let entry = queue.shift(); entry; entry = queue.shift())
        entry.reject(new PublisherClosed(this.id));
    }
  }

  #sendWaiting(): void {
    while (this.#started && !this.#halted && !this.#closed && this.#sent.length < WINDOW) {
      const entry = this.#unsent.shift();
      if (entry === undefined) return;
      entry.number = (this.#numbers.get(entry.partition) ?? 0) + 1;
      const data = this.#encode(entry);
      if (data.length + ROOM_FOR_WAIT > MAX_EVENT_BYTES) {
        entry.reject(new MessageTooLarge(entry.subject, data.length));
        continue;
      }
      this.#numbers.set(entry.partition, entry.number);
      this.#sent.push(entry);
      this.#transmit(entry, data);
    }
  }

  #encode({ message, number, since }: Entry): Uint8Array {
    const waitedMs = Math.round(this.#bus.clock.now() - since);
    const wait = waitedMs >= NOTICEABLE_MS ? { waitedMs } : undefined;
    return toBytes(versioned("logMessage", { ...message, publisher: this.id, number, ...wait }));
  }

  #transmit(entry: Entry, data: Uint8Array): void {
    const attempt = this.#attempt;
    const onStored = (seq: number) => {
      if (!this.#closed && this.#sent.noteStored(entry, seq, attempt)) this.#release();
    };
    const onAck: AckCallback = (error, ack) => {
      if (ack) onStored(ack.seq);
      else if (!this.#closed && attempt === this.#attempt && !isReleased(entry)) {
        this.#refusals = error instanceof PublishRefused ? this.#refusals + 1 : 0;
        this.#halt();
      }
    };
    this.#bus.acks.send(entry.subject, data, onAck, { onLate: ({ seq }) => onStored(seq) });
  }

  #release(): void {
    for (let placed = this.#sent.release(); placed; placed = this.#sent.release()) {
      placed.message.resolve(placed.seq);
      this.#refusals = 0;
    }
    if (this.#sent.hasGoneBack(this.#attempt)) this.#halt();
    this.#sendWaiting();
  }

  #halt(): void {
    if (this.#halted || this.#closed) return;
    this.#halted = true;
    this.#attempt++;
    void this.#resume();
  }

  async #resume(): Promise<void> {
    do {
      await this.#bus.clock.sleep(Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** this.#refusals));
      if (this.#closed || this.#bus.isClosed()) return;
    } while (!(await this.#answers()));
    if (this.#closed) return;
    this.#halted = false;
    for (const entry of this.#sent.all()) this.#transmit(entry, this.#encode(entry));
    this.#sendWaiting();
  }

  async #answers(): Promise<boolean> {
    try {
      // Rejects when the link breaks meanwhile, a stalled server included: it misses its pings.
      await this.#bus.flush();
      return this.#bus.isUp();
    } catch {
      return false;
    }
  }
}
