import {
  type AppendOptions,
  MESSAGE_TOO_LARGE,
  type StreamDefinition,
  WRONG_LAST_SEQUENCE,
} from "@meeshy/shared/ports/bus";

/** A message as a stream holds it. `time`: broker time, ms since 1970. */
export interface Kept {
  seq: number;
  subject: string;
  data: Uint8Array;
  time: number;
  deleted: boolean;
}

export type Appended =
  | { kept: Kept }
  /** known by its message id: it is acknowledged, and not stored */
  | { duplicateOf: number }
  | { refused: { code: number; description: string } };

/** How long a message id is remembered, as nats-server does by default. */
const DUPLICATE_WINDOW_MS = 120_000;
/** What a message takes besides its subject and its data. */
const OVERHEAD_BYTES = 22;
const MAXIMUM_BYTES = 10077;

const sizeOf = ({ subject, data }: Kept): number => subject.length + data.length + OVERHEAD_BYTES;

/** One stream of the broker: consecutive sequences, limits, the last message of each subject. No time, no network. */
export class Stream {
  definition: StreamDefinition;
  readonly created: string;
  /** ordered by sequence: what is put in comes last */
  #messages = new Map<number, Kept>();
  #bySubject = new Map<string, number[]>();
  #ids = new Map<string, { seq: number; time: number }>();
  #last = 0;
  #bytes = 0;

  constructor(definition: StreamDefinition, created: string) {
    this.definition = definition;
    this.created = created;
  }

  /** A copy of everything, as a backup would hold it. */
  copy(): Stream {
    const copy = new Stream(this.definition, this.created);
    copy.#messages = new Map(this.#messages);
    copy.#bySubject = new Map([...this.#bySubject].map(([subject, seqs]) => [subject, [...seqs]]));
    copy.#ids = new Map(this.#ids);
    copy.#last = this.#last;
    copy.#bytes = this.#bytes;
    return copy;
  }

  append(subject: string, data: Uint8Array, options: AppendOptions, now: number): Appended {
    this.expire(now);
    const { maxMessageBytes, maxBytes, discard, maxMessagesPerSubject } = this.definition;
    const { expected, messageId, deletes = false } = options;
    if (maxMessageBytes >= 0 && data.length > maxMessageBytes)
      return refuse(MESSAGE_TOO_LARGE, "message size exceeds maximum allowed");
    const known = messageId === undefined ? undefined : this.#ids.get(messageId);
    if (known && now - known.time < DUPLICATE_WINDOW_MS) return { duplicateOf: known.seq };
    const seqs = this.#bySubject.get(subject) ?? [];
    if (expected !== undefined && (seqs.at(-1) ?? 0) !== expected)
      return refuse(WRONG_LAST_SEQUENCE, `wrong last sequence: ${seqs.at(-1) ?? 0}`);
    const kept = { seq: this.#last + 1, subject, data, time: now, deleted: deletes };
    const isFull = maxBytes >= 0 && this.#bytes + sizeOf(kept) > maxBytes;
    if (isFull && discard === "new") return refuse(MAXIMUM_BYTES, "maximum bytes exceeded");
    this.#put(kept);
    if (messageId !== undefined) this.#ids.set(messageId, { seq: kept.seq, time: now });
    if (maxMessagesPerSubject > 0) {
      const all = this.#bySubject.get(subject) ?? [];
      for (const seq of all.slice(0, Math.max(0, all.length - maxMessagesPerSubject))) this.#remove(seq);
    }
    if (isFull) this.#shrinkTo(maxBytes);
    return { kept };
  }

  /** Removes what is older than the limit by the broker's clock, which may have been moved. */
  expire(now: number): void {
    const { maxAgeMs } = this.definition;
    for (const [id, { time }] of this.#ids) {
      if (now - time < DUPLICATE_WINDOW_MS) break;
      this.#ids.delete(id);
    }
    if (maxAgeMs <= 0) return;
    for (const { seq, time } of this.#messages.values()) {
      if (now - time < maxAgeMs) return;
      this.#remove(seq);
    }
  }

  purge({ filter, below }: { filter?: (subject: string) => boolean; below?: number }): void {
    for (const { seq, subject } of [...this.#messages.values()]) {
      if (below !== undefined && seq >= below) break;
      if (filter === undefined || filter(subject)) this.#remove(seq);
    }
  }

  get(seq: number): Kept | undefined {
    return this.#messages.get(seq);
  }

  lastOf(subject: string): Kept | undefined {
    const seq = this.#bySubject.get(subject)?.at(-1);
    return seq === undefined ? undefined : this.#messages.get(seq);
  }

  /** The messages from `from` on, by sequence. */
  *since(from: number): Generator<Kept> {
    if (this.#last - from < this.#messages.size) {
      for (let seq = from; seq <= this.#last; seq++) {
        const kept = this.#messages.get(seq);
        if (kept) yield kept;
      }
      return;
    }
    for (const kept of this.#messages.values()) if (kept.seq >= from) yield kept;
  }

  get first(): number {
    const { value } = this.#messages.keys().next();
    return value ?? this.#last + 1;
  }

  get last(): number {
    return this.#last;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#messages.size;
  }

  #put(kept: Kept): void {
    this.#last = kept.seq;
    this.#messages.set(kept.seq, kept);
    this.#bytes += sizeOf(kept);
    const seqs = this.#bySubject.get(kept.subject);
    if (seqs) seqs.push(kept.seq);
    else this.#bySubject.set(kept.subject, [kept.seq]);
  }

  #remove(seq: number): void {
    const kept = this.#messages.get(seq);
    if (!kept) return;
    this.#messages.delete(seq);
    this.#bytes -= sizeOf(kept);
    const seqs = this.#bySubject.get(kept.subject);
    if (seqs === undefined) return;
    if (seqs[0] === seq) seqs.shift();
    else seqs.splice(seqs.indexOf(seq), 1);
    if (seqs.length === 0) this.#bySubject.delete(kept.subject);
  }

  #shrinkTo(maxBytes: number): void {
    for (const seq of this.#messages.keys()) {
      if (this.#bytes <= maxBytes) return;
      this.#remove(seq);
    }
  }
}

const refuse = (code: number, description: string): Appended => ({ refused: { code, description } });
