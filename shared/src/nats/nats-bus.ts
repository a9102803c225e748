import { JetStreamApiError, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { createInbox, type NatsConnection, TimeoutError } from "@nats-io/nats-core";
import {
  type Acks,
  type Bus,
  RequestTimeout,
  StorageTooSmall,
  StreamExists,
  StreamNotFound,
} from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { TRACEPARENT } from "./acks.ts";
import { openConsumer } from "./consumer.ts";
import { createGate } from "./gate.ts";
import type { Patience } from "./patience.ts";
import { readLastOfLeader, readLastValue } from "./read-last-value.ts";
import { toConfig, toDefinition } from "./stream-config.ts";

const CREATIONS_AT_ONCE = 4;
/** An answer that comes within this time of its question is measured, also when it is no longer waited for. */
const MEASURED_WITHIN_MS = 30_000;
/** `err_code`s of the stream API. */
const STREAM_NOT_FOUND = 10059;
const NAME_IN_USE = 10058;
const SUBJECTS_OVERLAP = 10065;
/** The server's storage, or the account's, is smaller than what the stream may take. */
const STORAGE_EXCEEDED = [10047, 10002];

export interface NatsBusParts {
  nc: NatsConnection;
  clock: Clock;
  inboxPrefix: string;
  /** with questions; acknowledgements have their own, since they take the server longer */
  patience: Patience;
  acks: Acks;
}

/**
 * What of the bus port is a matter of the connection alone; `openNats` adds the state of the link. At most 4
 * consumers are created at once.
 */
export function createNatsBus({
  nc,
  clock,
  inboxPrefix,
  patience,
  acks,
}: NatsBusParts): Omit<Bus, "isUp" | "onChange" | "close"> {
  /** Asks the server's API in the client's way, in as much time as its answers take; a late one is measured, too. */
  const ask = <T>(of: string, question: (timeout: number) => Promise<T>): Promise<T> => {
    const askedAt = clock.now();
    const measure = () => patience.answered(clock.now() - askedAt);
    const { promise: inTime, resolve, reject } = Promise.withResolvers<T>();
    const timer = clock.after(patience.ms(), () => {
      patience.lost();
      reject(new RequestTimeout(of));
    });
    const answered = question(MEASURED_WITHIN_MS).finally(() => timer.cancel());
    answered.then(measure, (error) => {
      if (error instanceof JetStreamApiError) measure();
    });
    answered.catch(asOurs(of)).then(resolve, reject);
    return inTime;
  };
  const manage = <T>(stream: string, question: (jsm: JetStreamManager) => Promise<T>) =>
    ask(stream, async (timeout) => question(await jetstreamManager(nc, { timeout, checkAPI: false })));
  const newInbox = () => createInbox(inboxPrefix);
  const consumerDeps = { nc, clock, creations: createGate(CREATIONS_AT_ONCE), newInbox };
  return {
    clock,
    acks,
    isClosed: () => nc.isClosed(),
    flush: () => nc.flush(),
    publish: (subject, data) => nc.publish(subject, data),
    subscribe: (subject, onMessage, { queue } = {}) =>
      nc.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error) return;
          const seq = Number(message.headers?.get("Nats-Sequence"));
          onMessage({
            subject: message.subject,
            data: message.data,
            seq: seq > 0 ? seq : undefined,
            traceparent: message.headers?.get(TRACEPARENT) || undefined,
            respond: (data) => void message.respond(data),
          });
        },
      }),
    request: async (subject, data, timeoutMs) =>
      (await nc.request(subject, data, { timeout: timeoutMs }).catch(asOurs(subject))).data,
    lastValue: (stream, subject, by = "any") =>
      by === "leader"
        ? manage(stream, (jsm) => readLastOfLeader(jsm, stream, subject))
        : ask(subject, (timeout) => readLastValue(nc, stream, subject, timeout)),
    async messageAt(stream, seq) {
      const found = await manage(stream, (jsm) => jsm.direct.getMessage(stream, { seq }));
      return found ? { subject: found.subject, data: found.data, time: found.time.getTime() } : undefined;
    },
    async info(stream) {
      const { created, state, config } = await manage(stream, (jsm) => jsm.streams.info(stream));
      return {
        created: String(created),
        first: state.first_seq,
        last: state.last_seq,
        bytes: state.bytes,
        definition: toDefinition(config),
      };
    },
    consume: (options) => {
      const createdWithinMs = Math.ceil(Math.max(options.createdWithinMs, patience.ofLink()));
      return openConsumer(consumerDeps, { ...options, createdWithinMs }).catch(asOurs(options.stream));
    },
    async purge(stream, { filter, below }) {
      const what = {
        ...(filter === undefined ? {} : { filter }),
        ...(below === undefined ? {} : { seq: below }),
      } as { filter: string; seq: number };
      await manage(stream, (jsm) => jsm.streams.purge(stream, what));
    },
    async createStream(definition) {
      await manage(definition.name, (jsm) => jsm.streams.add(toConfig(definition)));
    },
    async updateStream(definition) {
      await manage(definition.name, (jsm) => jsm.streams.update(definition.name, toConfig(definition)));
    },
  };
}

/** The client's errors in the port's terms. */
const asOurs =
  (of: string) =>
  (error: unknown): never => {
    if (!(error instanceof Error)) throw error;
    const code = "code" in error ? error.code : undefined;
    if (error instanceof TimeoutError) throw new RequestTimeout(of);
    if (code === STREAM_NOT_FOUND) throw new StreamNotFound(of);
    if (STORAGE_EXCEEDED.some((one) => one === code)) throw new StorageTooSmall(of, error);
    if (code === NAME_IN_USE || code === SUBJECTS_OVERLAP) throw new StreamExists(of, error);
    throw error;
  };
