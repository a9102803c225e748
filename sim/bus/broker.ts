import type {
  AppendOptions,
  LastValue,
  PubAck,
  Stored,
  StreamDefinition,
  StreamInfo,
} from "@meeshy/shared/ports/bus";
import type { Random } from "../../chaos/random.ts";
import type { Scheduler } from "../engine/scheduler.ts";
import { CoreRouting } from "./core-routing.ts";
import type { Kept, Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";
import { createMatcher, mapSubject } from "./subjects.ts";

/** A message on its way to subscribers. */
export interface Delivered {
  subject: string;
  data: Uint8Array;
  seq: number | undefined;
  reply: Reply | undefined;
}
/** Where an answer goes; `undefined` data: no subscriber serves the subject. */
type Reply = (data: Uint8Array | undefined) => void;

export interface CoreSubscription {
  pattern: string;
  queue: string | undefined;
  deliver: (message: Delivered) => void;
}

export interface BrokerConsumer {
  /** how many messages there were to deliver when it was made */
  backlog: number;
  /** the sequence of the last of them; 0: none */
  lastThere: number;
}

interface Feeding {
  stream: string;
  matches: (subject: string) => boolean;
  deliver: (kept: Kept, pending: number) => void;
  /** It delivers nothing any more, and says nothing of it. */
  fallSilent: () => void;
}

/** An acknowledgement as it travels: JSON, of JetStream's shape. */
type AckAnswer = PubAck | { error: { code: number; err_code: number; description: string } };

/** What is wrong with the broker now; each probability is that of one message. */
interface BrokerFaults {
  /** appends vanish: neither stored nor answered */
  loses: number;
  /** appends are stored, and not acknowledged */
  losesAcks: number;
  /** appends are acknowledged twice */
  doublesAcks: number;
  /** acknowledgements take so much longer, ms */
  slowsAcksBy: number;
  /** nothing can be stored */
  isFull: boolean;
  /** the stream API does not answer */
  isElecting: boolean;
}

const SOUND: BrokerFaults = {
  loses: 0,
  losesAcks: 0,
  doublesAcks: 0,
  slowsAcksBy: 0,
  isFull: false,
  isElecting: false,
};
const INSUFFICIENT_RESOURCES = 10023;

export interface Broker {
  /** broker time, ms since 1970 */
  time(): number;
  /** Moves the broker's clock. */
  stepClock(ms: number): void;
  faults: BrokerFaults;
  recover(): void;
  subscribe(subscription: CoreSubscription): () => void;
  /** Routes a message to subscribers, and stores it where a stream takes its subject. */
  publish(message: { subject: string; data: Uint8Array; reply?: Reply }): void;
  /** {@link Broker.publish} of a message whose acknowledgement goes to `answer`. */
  append(subject: string, data: Uint8Array, options: AppendOptions, answer: (ack: AckAnswer) => void): void;
  info(stream: string): StreamInfo;
  lastValue(stream: string, subject: string): LastValue | undefined;
  messageAt(stream: string, seq: number): Pick<Stored, "subject" | "data" | "time"> | undefined;
  purge(stream: string, what: { filter?: string; below?: number }): void;
  createStream(definition: StreamDefinition): void;
  updateStream(definition: StreamDefinition): void;
  deleteStream(stream: string): void;
  /** Begins to deliver, at once; the function ends it. */
  consume(
    options: Pick<Feeding, "stream" | "deliver" | "fallSilent"> & { filter: string; from: number },
  ): BrokerConsumer & { stop: () => void };
  /** Another server leads: consumers that it held are gone, without a word. */
  dropConsumers(of: (random: Random) => boolean): void;
  /** What the streams hold now; `restore` puts it back. */
  backup(): Map<string, Stream>;
  restore(backup: ReadonlyMap<string, Stream>): void;
  streams(): ReadonlyMap<string, Stream>;
}

export interface BrokerOptions {
  scheduler: Scheduler;
  random: Random;
  /** ms since 1970 at the beginning of the world */
  wallStart: number;
}

/** One nats-server with JetStream, or a cluster of them: what it answers, and in which order it stores. */
export function createBroker(options: BrokerOptions): Broker {
  return new SimBroker(options);
}

class SimBroker implements Broker {
  faults = { ...SOUND };
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #wallStart: number;
  readonly #core: CoreRouting;
  readonly #streams = new StreamTable(() => this.time());
  readonly #consumers = new Set<Feeding>();
  #clockOffset = 0;

  constructor({ scheduler, random, wallStart }: BrokerOptions) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#wallStart = wallStart;
    this.#core = new CoreRouting(random);
  }

  time = (): number => Math.floor(this.#wallStart + this.#scheduler.now() + this.#clockOffset);

  stepClock(ms: number): void {
    this.#clockOffset += ms;
  }

  recover(): void {
    this.faults = { ...SOUND };
  }

  subscribe(subscription: CoreSubscription): () => void {
    return this.#core.subscribe(subscription);
  }

  publish({ subject, data, reply }: Parameters<Broker["publish"]>[0]): void {
    const served = this.#core.route({ subject, data, seq: undefined, reply });
    const stream = this.#streams.takerOf(subject);
    if (stream) this.#store(stream, subject, data, {});
    else if (served === 0) reply?.(undefined);
  }

  append(subject: string, data: Uint8Array, options: AppendOptions, answer: (ack: AckAnswer) => void): void {
    // What is refused afterwards, or known already, reaches plain subscribers all the same.
    this.#core.route({ subject, data, seq: undefined, reply: undefined });
    const stream = this.#streams.takerOf(subject);
    const ack = stream ? this.#store(stream, subject, data, options) : undefined;
    if (ack) this.#acknowledge(answer, ack);
  }

  info(name: string): StreamInfo {
    const { definition, created, first, last, bytes } = this.#streams.named(name);
    return { definition, created, first, last, bytes };
  }

  lastValue(name: string, subject: string): LastValue | undefined {
    const kept = this.#streams.named(name).lastOf(subject);
    return kept && { seq: kept.seq, data: kept.data, deleted: kept.deleted };
  }

  messageAt(name: string, seq: number): ReturnType<Broker["messageAt"]> {
    return this.#streams.named(name).get(seq);
  }

  purge(name: string, { filter, below }: { filter?: string; below?: number }): void {
    this.#streams.named(name).purge({
      ...(filter === undefined ? {} : { filter: createMatcher(filter) }),
      ...(below === undefined ? {} : { below }),
    });
  }

  createStream(definition: StreamDefinition): void {
    this.#streams.create(definition, () => this.#scheduler.count());
  }

  updateStream(definition: StreamDefinition): void {
    this.#streams.update(definition);
  }

  deleteStream(name: string): void {
    this.#streams.delete(name);
    this.#endConsumers(({ stream }) => stream === name);
  }

  consume({
    stream: name,
    filter,
    from,
    deliver,
    fallSilent,
  }: Parameters<Broker["consume"]>[0]): BrokerConsumer & { stop: () => void } {
    const stream = this.#streams.named(name);
    const consumer = { stream: name, matches: createMatcher(filter), deliver, fallSilent };
    const backlog = [...stream.since(from)].filter(({ subject }) => consumer.matches(subject));
    this.#consumers.add(consumer);
    let pending = backlog.length;
    for (const kept of backlog) deliver(kept, --pending);
    const stop = () => void this.#consumers.delete(consumer);
    return { backlog: backlog.length, lastThere: backlog.at(-1)?.seq ?? 0, stop };
  }

  dropConsumers(of: (random: Random) => boolean): void {
    this.#endConsumers(() => of(this.#random));
  }

  backup(): Map<string, Stream> {
    return this.#streams.backup();
  }

  restore(backup: ReadonlyMap<string, Stream>): void {
    this.#streams.restore(backup);
    this.#endConsumers(() => true);
  }

  streams(): ReadonlyMap<string, Stream> {
    return this.#streams.all();
  }

  #store(stream: Stream, subject: string, data: Uint8Array, options: AppendOptions): AckAnswer | undefined {
    const { isElecting, loses, isFull } = this.faults;
    if (isElecting || (loses > 0 && this.#random.next() < loses)) return undefined;
    const { name, republish } = stream.definition;
    if (isFull) return refusal(INSUFFICIENT_RESOURCES, "insufficient storage resources available");
    const appended = stream.append(subject, data, options, this.time());
    if ("refused" in appended) return refusal(appended.refused.code, appended.refused.description);
    if ("duplicateOf" in appended) return { stream: name, seq: appended.duplicateOf };
    const { kept } = appended;
    for (const consumer of this.#consumers)
      if (consumer.stream === name && consumer.matches(subject)) consumer.deliver(kept, 0);
    if (republish) {
      const to = mapSubject(subject, republish);
      this.#core.route({ subject: to, data, seq: kept.seq, reply: undefined });
    }
    return { stream: name, seq: kept.seq };
  }

  #acknowledge(answer: (ack: AckAnswer) => void, ack: AckAnswer): void {
    const { losesAcks, doublesAcks, slowsAcksBy } = this.faults;
    if (losesAcks > 0 && this.#random.next() < losesAcks) return;
    const times = doublesAcks > 0 && this.#random.next() < doublesAcks ? 2 : 1;
    for (let sent = 0; sent < times; sent++) {
      if (slowsAcksBy === 0) answer(ack);
      else this.#scheduler.after(slowsAcksBy * this.#random.between(0.7, 1.3), () => answer(ack));
    }
  }

  #endConsumers(ends: (consumer: Feeding) => boolean): void {
    for (const consumer of [...this.#consumers]) {
      if (!ends(consumer)) continue;
      this.#consumers.delete(consumer);
      consumer.fallSilent();
    }
  }
}

const refusal = (code: number, description: string): AckAnswer => ({
  error: { code: 400, err_code: code, description },
});
