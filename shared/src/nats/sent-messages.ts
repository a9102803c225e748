import { Fifo } from "../fifo.ts";

/** A numbered message on its way into the log. */
export interface SentMessage {
  readonly partition: number;
  /** log sequences of the copies that are known to be stored, ascending; of most there is one */
  stored: number[];
  /** the latest attempt in which a copy was acknowledged */
  ackedIn: number;
}

export const NEVER_ACKED = -1;
const RELEASED = Number.POSITIVE_INFINITY;

/**
 * Messages sent and not yet proved to have their place in the log, in their order. A message has its place as soon as
 * one of its copies was stored behind a copy of the message before it, of its partition, that had its place.
 */
export class SentMessages<Message extends SentMessage> {
  readonly #sent = new Fifo<Message>();
  /** the log sequence by which the last message released had its place, for each partition */
  readonly #placedAt = new Map<number, number>();

  get length(): number {
    return this.#sent.length;
  }

  push(message: Message): void {
    this.#sent.push(message);
  }

  /** A copy is stored at `seq`; `false`: the message has been released before. */
  noteStored(message: Message, seq: number, attempt: number): boolean {
    if (isReleased(message)) return false;
    message.stored.push(seq);
    message.stored.sort((a, b) => a - b);
    message.ackedIn = Math.max(message.ackedIn, attempt);
    return true;
  }

  /** Releases the oldest message and gives the log sequence of its place; `undefined` while that is not proved. */
  release(): { message: Message; seq: number } | undefined {
    const message = this.#sent.peek();
    if (message === undefined) return undefined;
    const before = this.#placedAt.get(message.partition) ?? 0;
    const seq = message.stored.find((one) => one > before);
    if (seq === undefined) return undefined;
    this.#placedAt.set(message.partition, seq);
    message.ackedIn = RELEASED;
    this.#sent.shift();
    return { message, seq };
  }

  /**
   * Whether sequences went back: the oldest message was acknowledged in this attempt and has no place. The log was made
   * anew or put back, or servers reordered: what follows in that partition then has to prove its place anew.
   */
  hasGoneBack(attempt: number): boolean {
    const oldest = this.#sent.peek();
    if (oldest?.ackedIn !== attempt) return false;
    this.#placedAt.delete(oldest.partition);
    for (const message of this.#sent) if (message.partition === oldest.partition) message.stored = [];
    return true;
  }

  oldest(): Message | undefined {
    return this.#sent.peek();
  }

  all(): Message[] {
    return [...this.#sent];
  }

  shift(): Message | undefined {
    return this.#sent.shift();
  }
}

/** Whether the message has its place, and no acknowledgement of it matters any more. */
export function isReleased({ ackedIn }: SentMessage): boolean {
  return ackedIn === RELEASED;
}
