import type { JetStreamManager } from "@nats-io/jetstream";
import { createInbox, type NatsConnection, TimeoutError } from "@nats-io/nats-core";
import { type Bus, RequestTimeout, StreamExists, StreamNotFound } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { createAcks } from "./acks.ts";
import { openConsumer } from "./consumer.ts";
import { readLastValue } from "./direct-get.ts";
import { createGate } from "./gate.ts";
import { toConfig, toDefinition } from "./stream-config.ts";

/** An API call gives up after this long. */
export const API_TIMEOUT_MS = 1_000;
const CREATIONS_AT_ONCE = 4;
/** `err_code`s of the stream API. */
const STREAM_NOT_FOUND = 10059;
const NAME_IN_USE = 10058;
const SUBJECTS_OVERLAP = 10065;

export interface NatsBusParts {
  nc: NatsConnection;
  jsm: JetStreamManager;
  clock: Clock;
  inboxPrefix: string;
  acks: ReturnType<typeof createAcks>;
}

/** What of the bus port is a matter of the connection alone; `openNats` adds the state of the link. */
export function createNatsBus({
  nc,
  jsm,
  clock,
  inboxPrefix,
  acks,
}: NatsBusParts): Omit<Bus, "isUp" | "onChange" | "close"> {
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
            respond: (data) => void message.respond(data),
          });
        },
      }),
    request: async (subject, data, timeoutMs) =>
      (await nc.request(subject, data, { timeout: timeoutMs }).catch(asOurs(subject))).data,
    lastValue: (stream, subject) => readLastValue(nc, stream, subject).catch(asOurs(subject)),
    async timeAt(stream, seq) {
      const found = await jsm.direct.getMessage(stream, { seq }).catch(asOurs(stream));
      return found?.time.getTime();
    },
    async info(stream) {
      const { created, state, config } = await jsm.streams.info(stream).catch(asOurs(stream));
      return {
        created: String(created),
        first: state.first_seq,
        last: state.last_seq,
        bytes: state.bytes,
        definition: toDefinition(config),
      };
    },
    consume: (options) => openConsumer(consumerDeps, options).catch(asOurs(options.stream)),
    async purge(stream, { filter, below }) {
      await jsm.streams
        .purge(stream, {
          ...(filter === undefined ? {} : { filter }),
          ...(below === undefined ? {} : { seq: below }),
        } as { filter: string; seq: number })
        .catch(asOurs(stream));
    },
    async createStream(definition) {
      await jsm.streams.add(toConfig(definition)).catch(asOurs(definition.name));
    },
    async updateStream(definition) {
      await jsm.streams.update(definition.name, toConfig(definition)).catch(asOurs(definition.name));
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
    if (code === NAME_IN_USE || code === SUBJECTS_OVERLAP) throw new StreamExists(of, error);
    throw error;
  };
