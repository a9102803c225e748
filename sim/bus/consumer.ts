import { Fifo } from "@meeshy/shared/fifo";
import type { ConsumeOptions, Consumer } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Random } from "../../chaos/random.ts";
import type { Broker } from "./broker.ts";
import type { BrokerConsumer } from "./feeds.ts";
import type { Link } from "./link.ts";
import type { Kept } from "./stream.ts";

export interface SimConsumerParts {
  clock: Clock;
  link: Link;
  broker: Broker;
  random: Random;
  ask: <T>(of: string, within: number, question: () => T) => Promise<T>;
}

const HEARTBEAT_MS = 1_000;
/** Silence shows after two to three heartbeats. */
const SILENCE_MS: readonly [number, number] = [2_000, 3_000];
/** How often the end of the stream shows only by the next heartbeat. */
const LATE_END = 0.1;

/** A consumer as the real client keeps it: it ends at the first missing delivery, or when it receives nothing. */
export async function openSimConsumer(parts: SimConsumerParts, options: ConsumeOptions): Promise<Consumer> {
  const { clock, link, broker, random, ask } = parts;
  const { stream, filter, from, onMessage, onCaughtUp } = options;
  const lane = `c${clock.id()}`;
  const queue = new Fifo<{ kept: Kept; pending: number }>();
  const { promise: ended, resolve, reject } = Promise.withResolvers<string>();
  let isOver = false;
  let made: BrokerConsumer | undefined;
  let isStarted = false;
  let isHandling = false;
  let isBehind = true;
  let handled = 0;
  let hasGap = false;
  let stopAtBroker = () => {};

  const finish = (settle: () => void) => {
    if (isOver) return;
    isOver = true;
    forgetSession();
    link.send(() => stopAtBroker());
    settle();
  };
  const end = (reason: string) => finish(() => resolve(reason));
  const endSoon = (reason: string, [low, high]: readonly [number, number]) =>
    void clock.after(random.between(low, high), () => end(reason));

  const caughtUp = () => {
    if (!isBehind || isOver) return;
    isBehind = false;
    onCaughtUp();
  };
  const lookForEnd = () => {
    if (!isBehind || made === undefined || handled < made.backlog) return;
    if (random.next() < LATE_END) clock.after(random.between(0, HEARTBEAT_MS), caughtUp);
    else caughtUp();
  };
  const handle = (): void => {
    while (isStarted && !isHandling && !isOver) {
      const next = queue.shift();
      if (next === undefined) return;
      const { kept, pending } = next;
      const done = () => {
        handled++;
        lookForEnd();
      };
      try {
        const handling = onMessage({ ...kept, pending });
        if (handling === undefined) {
          done();
          continue;
        }
        isHandling = true;
        handling.then(
          () => {
            isHandling = false;
            done();
            handle();
          },
          (error) => finish(() => reject(error)),
        );
      } catch (error) {
        finish(() => reject(error));
      }
    }
  };
  const deliver = (kept: Kept, pending: number) => {
    const { dropsDeliveries } = link.faults;
    if (dropsDeliveries > 0 && random.next() < dropsDeliveries) {
      hasGap = true;
      link.receive(lane, () => endSoon("a delivery is missing", [0, HEARTBEAT_MS]));
    }
    if (hasGap) return;
    link.receive(lane, () => {
      queue.push({ kept, pending });
      handle();
    });
  };
  // What was sent into a connection that broke counts as delivered there.
  const forgetSession = link.onSession(() => () => {
    stopAtBroker();
    link.receive(undefined, () => endSoon("heartbeats missed", SILENCE_MS));
  });
  const fallSilent = () => link.receive(undefined, () => endSoon("heartbeats missed", SILENCE_MS));

  const askedAt = clock.now();
  try {
    made = await ask(stream, options.createdWithinMs, () => {
      const consumer = broker.consume({ stream, filter, from, deliver, fallSilent });
      stopAtBroker = consumer.stop;
      return consumer;
    });
  } catch (error) {
    isOver = true;
    forgetSession();
    link.send(() => stopAtBroker());
    throw error;
  }
  const tookMs = clock.now() - askedAt;
  // The caller has the consumer in its hands before the first message.
  queueMicrotask(() => {
    isStarted = true;
    lookForEnd();
    handle();
  });
  return { tookMs, ended, end };
}
