import {
  type AppendOptions,
  type LastValue,
  type PubAck,
  type Stored,
  type StreamDefinition,
  StreamExists,
  type StreamInfo,
  StreamNotFound,
} from "@meeshy/shared/ports/bus";
import type { Random } from "../../chaos/random.ts";
import type { Scheduler } from "../engine/scheduler.ts";
import { type Kept, Stream } from "./stream.ts";
import { createMatcher, mapSubject } from "./subjects.ts";

/** A message on its way to subscribers. */
export interface Delivered {
  subject: string;
  data: Uint8Array;
  seq: number | undefined;
  reply: Reply | undefined;
}
/** Where an answer goes; `undefined` data: nobody serves the subject. */
type Reply = (data: Uint8Array | undefined) => void;

interface CoreSubscription {
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
export function createBroker({ scheduler, random, wallStart }: BrokerOptions): Broker {
  const streams = new Map<string, Stream>();
  const subscriptions = new Set<CoreSubscription & { matches: (subject: string) => boolean }>();
  const consumers = new Set<Feeding>();
  let clockOffset = 0;
  let takers = new Map<string, Stream | null>();

  const time = () => Math.floor(wallStart + scheduler.now() + clockOffset);
  const streamNamed = (name: string): Stream => {
    const stream = streams.get(name);
    if (stream === undefined) throw new StreamNotFound(name);
    stream.expire(time());
    return stream;
  };
  const takerOf = (subject: string): Stream | null => {
    const known = takers.get(subject);
    if (known !== undefined) return known;
    const taker = [...streams.values()].find(({ definition }) =>
      definition.subjects.some((pattern) => createMatcher(pattern)(subject)),
    );
    if (takers.size > 10_000) takers = new Map();
    takers.set(subject, taker ?? null);
    return taker ?? null;
  };
  const forgetTakers = () => {
    takers = new Map();
  };

  /** To every subscriber, and to one of each queue group; gives how many. */
  const route = (message: Delivered): number => {
    const queues = new Map<string, CoreSubscription[]>();
    let served = 0;
    for (const subscription of [...subscriptions]) {
      if (!subscription.matches(message.subject)) continue;
      served++;
      const { queue } = subscription;
      if (queue === undefined) subscription.deliver(message);
      else queues.set(queue, [...(queues.get(queue) ?? []), subscription]);
    }
    for (const members of queues.values()) random.pick(members).deliver(message);
    return served;
  };

  const store = (
    stream: Stream,
    subject: string,
    data: Uint8Array,
    options: AppendOptions,
  ): AckAnswer | undefined => {
    const { faults } = broker;
    if (faults.isElecting || (faults.loses > 0 && random.next() < faults.loses)) return undefined;
    const { name, republish } = stream.definition;
    if (faults.isFull) return refusal(INSUFFICIENT_RESOURCES, "insufficient storage resources available");
    const appended = stream.append(subject, data, options, time());
    if ("refused" in appended) return refusal(appended.refused.code, appended.refused.description);
    if ("duplicateOf" in appended) return { stream: name, seq: appended.duplicateOf };
    const { kept } = appended;
    for (const consumer of consumers)
      if (consumer.stream === name && consumer.matches(subject)) consumer.deliver(kept, 0);
    if (republish) {
      const to = mapSubject(subject, republish);
      route({ subject: to, data, seq: kept.seq, reply: undefined });
    }
    return { stream: name, seq: kept.seq };
  };

  const acknowledge = (answer: (ack: AckAnswer) => void, ack: AckAnswer) => {
    const { losesAcks, doublesAcks, slowsAcksBy } = broker.faults;
    if (losesAcks > 0 && random.next() < losesAcks) return;
    const times = doublesAcks > 0 && random.next() < doublesAcks ? 2 : 1;
    for (let sent = 0; sent < times; sent++) {
      if (slowsAcksBy === 0) answer(ack);
      else scheduler.after(slowsAcksBy * random.between(0.7, 1.3), () => answer(ack));
    }
  };

  const broker: Broker = {
    faults: { ...SOUND },
    recover() {
      broker.faults = { ...SOUND };
    },
    time,
    stepClock(ms) {
      clockOffset += ms;
    },
    subscribe(subscription) {
      const entry = { ...subscription, matches: createMatcher(subscription.pattern) };
      subscriptions.add(entry);
      return () => subscriptions.delete(entry);
    },
    publish({ subject, data, reply }) {
      const served = route({ subject, data, seq: undefined, reply });
      const stream = takerOf(subject);
      if (stream) store(stream, subject, data, {});
      else if (served === 0) reply?.(undefined);
    },
    append(subject, data, options, answer) {
      // What is refused afterwards, or known already, reaches plain subscribers all the same.
      route({ subject, data, seq: undefined, reply: undefined });
      const stream = takerOf(subject);
      const ack = stream ? store(stream, subject, data, options) : undefined;
      if (ack) acknowledge(answer, ack);
    },
    info(name) {
      const { definition, created, first, last, bytes } = streamNamed(name);
      return { definition, created, first, last, bytes };
    },
    lastValue(name, subject) {
      const kept = streamNamed(name).lastOf(subject);
      return kept && { seq: kept.seq, data: kept.data, deleted: kept.deleted };
    },
    messageAt: (name, seq) => streamNamed(name).get(seq),
    purge(name, { filter, below }) {
      streamNamed(name).purge({
        ...(filter === undefined ? {} : { filter: createMatcher(filter) }),
        ...(below === undefined ? {} : { below }),
      });
    },
    createStream(definition) {
      const { name, subjects } = definition;
      const overlaps = [...streams.values()].some((other) =>
        other.definition.subjects.some((pattern) => subjects.includes(pattern)),
      );
      if (streams.has(name) || overlaps) throw new StreamExists(name);
      // Two streams of one name are never equally old.
      const created = new Date(time())
        .toISOString()
        .replace("Z", `${String(scheduler.count()).padStart(9, "0")}Z`);
      streams.set(name, new Stream(definition, created));
      forgetTakers();
    },
    updateStream(definition) {
      streamNamed(definition.name).definition = definition;
      forgetTakers();
    },
    deleteStream(name) {
      if (!streams.delete(name)) throw new StreamNotFound(name);
      forgetTakers();
      for (const consumer of [...consumers]) if (consumer.stream === name) end(consumer);
    },
    consume({ stream: name, filter, from, deliver, fallSilent }) {
      const stream = streamNamed(name);
      const consumer = { stream: name, matches: createMatcher(filter), deliver, fallSilent };
      const backlog = [...stream.since(from)].filter(({ subject }) => consumer.matches(subject));
      consumers.add(consumer);
      let pending = backlog.length;
      for (const kept of backlog) deliver(kept, --pending);
      const stop = () => void consumers.delete(consumer);
      return { backlog: backlog.length, lastThere: backlog.at(-1)?.seq ?? 0, stop };
    },
    dropConsumers(of) {
      for (const consumer of [...consumers]) if (of(random)) end(consumer);
    },
    backup: () => new Map([...streams].map(([name, stream]) => [name, stream.copy()])),
    restore(backup) {
      for (const [name, stream] of backup) streams.set(name, stream.copy());
      forgetTakers();
      for (const consumer of [...consumers]) end(consumer);
    },
    streams: () => streams,
  };
  const end = (consumer: Feeding) => {
    consumers.delete(consumer);
    consumer.fallSilent();
  };
  return broker;
}

const refusal = (code: number, description: string): AckAnswer => ({
  error: { code: 400, err_code: code, description },
});
