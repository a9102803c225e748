import { createAckTracker } from "@meeshy/shared/nats/ack-tracker";
import { type Bus, RequestTimeout } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Random } from "../../chaos/random.ts";
import type { SimProcess } from "../engine/process.ts";
import { createSimAcks, MAX_PAYLOAD } from "./acks.ts";
import type { Broker } from "./broker.ts";
import { openSimConsumer } from "./consumer.ts";
import type { Link } from "./link.ts";
import { createAsk } from "./questions.ts";
import { createSubscribe } from "./subscriptions.ts";

const API_TIMEOUT_MS = 1_000;

export interface SimBusParts {
  process: SimProcess;
  link: Link;
  broker: Broker;
  random: Random;
}

/** The bus of one simulated process: what `openNats` gives, without a network. */
export function createSimBus({ process, link, broker, random }: SimBusParts): Bus {
  const { clock } = process;
  const tracker = createAckTracker(clock);
  const listeners = new Set<(up: boolean) => void>();
  let closed = false;
  const isClosed = () => closed;
  const forget = link.onChange((up) => {
    if (!up) tracker.linkBroke();
    for (const listener of [...listeners]) listener(up);
  });
  const ask = createAsk(clock, link, broker);
  const api = <T>(of: string, question: () => T) => ask(of, API_TIMEOUT_MS, question);

  return {
    clock,
    isUp: link.isUp,
    isClosed,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush: () => (closed ? Promise.reject(new Error("disconnected")) : flush(link)),
    async close() {
      closed = true;
      tracker.close();
      forget();
      link.end();
    },
    publish(subject, data = new Uint8Array()) {
      refuseLarge(data);
      link.send(() => broker.publish({ subject, data }));
    },
    subscribe: createSubscribe(link, broker),
    request: (subject, data, timeoutMs) => request({ clock, link, broker }, subject, data, timeoutMs),
    acks: createSimAcks({ link, broker, tracker, isClosed }),
    lastValue: (stream, subject, by = "any") =>
      api(subject, () => (by === "leader" ? broker : broker.anyReplica()).lastValue(stream, subject)),
    messageAt: (stream, seq) => api(stream, () => broker.anyReplica().messageAt(stream, seq)),
    info: (stream) => api(stream, () => broker.info(stream)),
    purge: (stream, what) => api(stream, () => broker.purge(stream, what)),
    createStream: (definition) => api(definition.name, () => broker.createStream(definition)),
    updateStream: (definition) => api(definition.name, () => broker.updateStream(definition)),
    consume: (options) => openSimConsumer({ clock, link, broker, random, ask }, options),
  };
}

/** Resolves when the broker has answered what was sent before; rejects when the link breaks meanwhile. */
function flush(link: Link): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!link.isUp()) {
      reject(new Error("disconnected"));
      return;
    }
    const forget = link.onChange(() => {
      forget();
      reject(new Error("disconnected"));
    });
    const answered = () => {
      forget();
      resolve();
    };
    link.send(() => link.receive(undefined, answered));
  });
}

function request(
  { clock, link, broker }: { clock: Clock; link: Link; broker: Broker },
  subject: string,
  data: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    refuseLarge(data);
    const timer = clock.after(timeoutMs, () => reject(new RequestTimeout(subject)));
    const reply = (answer: Uint8Array | undefined) =>
      link.receive(undefined, () => {
        timer.cancel();
        if (answer === undefined) reject(new Error(`no responders: '${subject}'`));
        else resolve(answer);
      });
    link.send(() => broker.publish({ subject, data, reply }));
  });
}

function refuseLarge(data: Uint8Array): void {
  if (data.length > MAX_PAYLOAD) throw new Error("'payload' max_payload size exceeded");
}
