import { createAckTracker } from "@meeshy/shared/nats/ack-tracker";
import {
  type Acks,
  type Bus,
  MESSAGE_TOO_LARGE,
  RequestTimeout,
  type Subscription,
} from "@meeshy/shared/ports/bus";
import type { Random } from "../../chaos/random.ts";
import type { SimProcess } from "../engine/process.ts";
import type { Broker, Delivered } from "./broker.ts";
import { openSimConsumer } from "./consumer.ts";
import type { Link } from "./link.ts";

/** Largest message that the broker takes at all. */
const MAX_PAYLOAD = 1024 * 1024;
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
  let closed = false;
  const listeners = new Set<(up: boolean) => void>();
  const encoder = new TextEncoder();
  const forget = link.onChange((up) => {
    if (!up) tracker.linkBroke();
    for (const listener of [...listeners]) listener(up);
  });

  /** A question to the broker: rejects with what it says against it, or when no answer comes. */
  const ask = <T>(of: string, within: number, question: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = clock.after(within, () => reject(new RequestTimeout(of)));
      link.send(() => {
        if (broker.faults.isElecting) return;
        let answer: () => void;
        try {
          const value = question();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        link.receive(undefined, () => {
          timer.cancel();
          answer();
        });
      });
    });
  const api = <T>(of: string, question: () => T) => ask(of, API_TIMEOUT_MS, question);

  const refuseLarge = (data: Uint8Array | undefined) => {
    if ((data?.length ?? 0) > MAX_PAYLOAD) throw new Error("'payload' max_payload size exceeded");
  };

  let subscriptions = 0;
  const subscribe: Bus["subscribe"] = (pattern, onMessage, { queue } = {}): Subscription => {
    const lane = `s${subscriptions++}`;
    let isOpen = true;
    const deliver = ({ subject, data, seq, reply }: Delivered) =>
      link.receive(lane, () => {
        if (!isOpen) return;
        onMessage({
          subject,
          data,
          seq,
          respond: (answer = new Uint8Array()) => link.send(() => reply?.(answer)),
        });
      });
    const end = link.onSession(() => {
      let stop = () => {};
      let isOver = false;
      // The connection's own first command: it arrives before anything that is sent after it.
      link.send(() => {
        if (!isOver && isOpen) stop = broker.subscribe({ pattern, queue, deliver });
      });
      return () => {
        isOver = true;
        stop();
      };
    });
    return {
      unsubscribe() {
        isOpen = false;
        end();
      },
    };
  };

  const send: Acks["send"] = (subject, data, onAck, options = {}) => {
    const token = tracker.expect(subject, onAck, options.onLate);
    if (data.length > MAX_PAYLOAD) {
      tracker.refuse(token, MESSAGE_TOO_LARGE, `the server takes ${MAX_PAYLOAD} bytes`);
      return;
    }
    if (closed) return;
    const lane = `a${subject.slice(0, subject.indexOf(".", subject.indexOf(".") + 1))}`;
    link.send(() =>
      broker.append(subject, data, options, (ack) => {
        const answer = encoder.encode(JSON.stringify(ack));
        link.receive(lane, () => tracker.answer(token, answer));
      }),
    );
  };

  return {
    clock,
    isUp: link.isUp,
    isClosed: () => closed,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush: () =>
      new Promise((resolve, reject) => {
        if (closed || !link.isUp()) {
          reject(new Error("disconnected"));
          return;
        }
        const forget = link.onChange(() => {
          forget();
          reject(new Error("disconnected"));
        });
        link.send(() =>
          link.receive(undefined, () => {
            forget();
            resolve();
          }),
        );
      }),
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
    subscribe,
    request: (subject, data, timeoutMs) =>
      new Promise((resolve, reject) => {
        refuseLarge(data);
        const timer = clock.after(timeoutMs, () => reject(new RequestTimeout(subject)));
        const reply = (answer: Uint8Array | undefined) =>
          link.receive(undefined, () => {
            timer.cancel();
            if (answer === undefined) reject(new Error(`no responders: '${subject}'`));
            else resolve(answer);
          });
        link.send(() => broker.publish({ subject, data, reply }));
      }),
    acks: {
      send,
      publish: (subject, data, options) =>
        new Promise((resolve, reject) => {
          send(subject, data, (error, ack) => (ack ? resolve(ack) : reject(error)), options);
        }),
    },
    lastValue: (stream, subject) => api(subject, () => broker.lastValue(stream, subject)),
    messageAt: (stream, seq) => api(stream, () => broker.messageAt(stream, seq)),
    info: (stream) => api(stream, () => broker.info(stream)),
    purge: (stream, what) => api(stream, () => broker.purge(stream, what)),
    createStream: (definition) => api(definition.name, () => broker.createStream(definition)),
    updateStream: (definition) => api(definition.name, () => broker.updateStream(definition)),
    consume: (options) => openSimConsumer({ clock, link, broker, random, ask }, options),
  };
}
