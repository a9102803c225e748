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
import { type BrokerConsumer, type ConsumerOptions, Feeds } from "./feeds.ts";
import { Replica, type ReplicaFaults } from "./replica.ts";
import type { Stream } from "./stream.ts";
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
/** How often the replica that is behind answers, or gets a consumer. */
const BY_REPLICA = 0.5;

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
  /** as the leader of the stream has it */
  lastValue(stream: string, subject: string): LastValue | undefined;
  /** as the leader of the stream has it */
  messageAt(stream: string, seq: number): Pick<Stored, "subject" | "data" | "time"> | undefined;
  /** One of the servers that have the streams, by chance: the leader, or one that follows it. */
  anyReplica(): Pick<Broker, "lastValue" | "messageAt">;
  purge(stream: string, what: { filter?: string; below?: number }): void;
  createStream(definition: StreamDefinition): void;
  updateStream(definition: StreamDefinition): void;
  deleteStream(stream: string): void;
  /** Begins to deliver, at once, from any replica; `stop` ends it. */
  consume(options: ConsumerOptions): BrokerConsumer;
  /** Another server leads: consumers that it held are gone, without a word. */
  dropConsumers(of: (random: Random) => boolean): void;
  /** From now on one replica is behind the leader, until {@link Broker.replaceReplica} or a change of the streams themselves. */
  beginLag(faults: ReplicaFaults): void;
  /** The replica that was behind is taken away: its consumers are gone, without a word. */
  replaceReplica(): void;
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
  readonly #feeds = new Feeds();
  readonly #leader: Pick<Replica, "named" | "consume"> = {
    named: (name) => this.#streams.named(name),
    consume: (options) => this.#feeds.begin(this.#streams.named(options.stream), options),
  };
  #replica: Replica | undefined;
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
    return lastValueIn(this.#streams.named(name), subject);
  }

  messageAt(name: string, seq: number): ReturnType<Broker["messageAt"]> {
    return this.#streams.named(name).get(seq);
  }

  anyReplica(): ReturnType<Broker["anyReplica"]> {
    const { named } = this.#anyServer();
    return {
      lastValue: (name, subject) => lastValueIn(named(name), subject),
      messageAt: (name, seq) => named(name).get(seq),
    };
  }

  purge(name: string, { filter, below }: { filter?: string; below?: number }): void {
    const what = {
      ...(filter === undefined ? {} : { filter: createMatcher(filter) }),
      ...(below === undefined ? {} : { below }),
    };
    this.#streams.named(name).purge(what);
    this.#replica?.purge(name, what);
  }

  createStream(definition: StreamDefinition): void {
    this.#streams.create(definition, () => this.#scheduler.count());
    this.replaceReplica();
  }

  updateStream(definition: StreamDefinition): void {
    this.#streams.update(definition);
    this.replaceReplica();
  }

  deleteStream(name: string): void {
    this.#streams.delete(name);
    this.replaceReplica();
    this.#feeds.end(({ stream }) => stream === name);
  }

  consume(options: ConsumerOptions): BrokerConsumer {
    return this.#anyServer().consume(options);
  }

  dropConsumers(of: (random: Random) => boolean): void {
    this.#feeds.end(() => of(this.#random));
  }

  beginLag(faults: ReplicaFaults): void {
    this.replaceReplica();
    const streams = new StreamTable(() => this.time());
    streams.restore(this.backup());
    this.#replica = new Replica(streams, this.#scheduler, faults);
  }

  replaceReplica(): void {
    this.#replica?.end();
    this.#replica = undefined;
  }

  backup(): Map<string, Stream> {
    return this.#streams.backup();
  }

  restore(backup: ReadonlyMap<string, Stream>): void {
    this.#streams.restore(backup);
    this.replaceReplica();
    this.#feeds.end(() => true);
  }

  streams(): ReadonlyMap<string, Stream> {
    return this.#streams.all();
  }

  #anyServer(): Pick<Replica, "named" | "consume"> {
    return this.#replica && this.#random.next() < BY_REPLICA ? this.#replica : this.#leader;
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
    this.#feeds.deliver(name, kept);
    this.#replica?.append(name, kept);
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
}

function lastValueIn(stream: Stream, subject: string): LastValue | undefined {
  const kept = stream.lastOf(subject);
  return kept && { seq: kept.seq, data: kept.data, deleted: kept.deleted };
}

const refusal = (code: number, description: string): AckAnswer => ({
  error: { code: 400, err_code: code, description },
});
