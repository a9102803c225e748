import { type Bus, type Consumer, RequestTimeout, type Stored } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { createLandmarks } from "./landmarks.ts";

export type { Stored };

export interface FollowOptions {
  stream: string;
  filter: string;
  /** the first sequence to deliver; or everything, of a stream that keeps one message a subject, then what comes */
  from: number | "last-values";
  onMessage: (message: Stored) => void | Promise<void>;
  /** The end of the stream was reached, for the first time or again after a restart. */
  onCaughtUp?: () => void;
  /**
   * Only with "last-values": the stream is another than the one followed so far, made anew or put back to an earlier
   * state, or may be. All its last values come next, then `onCaughtUp`; what is not among them is gone.
   */
  onReread?: () => void;
  /** Runs before every start at a sequence; gives the sequence to start from. May throw: tried again. */
  checkStart?: (from: number) => Promise<number>;
  logger: Logger;
}

export interface Following {
  /** sequence of the last message handed on; 0 before the first */
  cursor(): number;
  stop(): Promise<void>;
}

const RETRY_MS = 200;
const PATIENCE_MS = 1_000;
/** A server that counts through a stream of a million subjects takes seconds for an answer. */
const MOST_PATIENCE_MS = 8 * PATIENCE_MS;
const LINK_CHANGED = "the link changed";

/**
 * Delivers a stream's messages in order, each once, for ever: an ephemeral consumer, replaced at the
 * cursor as soon as it skips a delivery, misses heartbeats or disappears (DESIGN "NATS, what else was
 * found": a consumer hosted on a killed node stays silent for 20–40 s), and whenever the link broke:
 * what the server had sent into a dying link counts as delivered there.
 */
export function follow(bus: Bus, options: FollowOptions): Following {
  const { stream, filter, logger } = options;
  const { clock } = bus;
  const lastValues = options.from === "last-values";
  let cursor = typeof options.from === "number" ? options.from - 1 : 0;
  let patienceMs = PATIENCE_MS;
  let createdAt: string | undefined;
  let stopped = false;
  let current: Consumer | undefined;
  let wake: () => void = () => {};

  /** the messages handed on last, by which the stream is recognized after a break */
  const landmarks = createLandmarks(bus, stream);

  /** In a stream that was made anew, or put back and written on, the cursor says nothing. */
  const checkIdentity = async () => {
    const { created, last } = await bus.info(stream);
    const isFirst = createdAt === undefined;
    const isAnother = async () =>
      created !== createdAt || last < cursor || (cursor > 0 && (await landmarks.recognize()) !== "same");
    if (!isFirst && (await isAnother())) {
      logger.info({ stream, filter, cursor }, "stream may be another, reading its last values again");
      cursor = 0;
      landmarks.clear();
      options.onReread?.();
    }
    createdAt = created;
  };

  /** Follows through one consumer until it ends. */
  const attempt = async () => {
    if (lastValues) await checkIdentity();
    else if (options.checkStart) cursor = (await options.checkStart(cursor + 1)) - 1;
    const consumer = await bus.consume({
      stream,
      filter,
      from: cursor + 1,
      createdWithinMs: patienceMs,
      onMessage(message) {
        const handled = options.onMessage(message);
        const done = () => {
          cursor = message.seq;
          if (lastValues) landmarks.note(message.seq, message.subject, message.data);
        };
        return handled ? handled.then(done) : done();
      },
      onCaughtUp: () => options.onCaughtUp?.(),
    });
    current = consumer;
    if (stopped) consumer.end("stopped");
    const reason = await consumer.ended;
    if (!stopped)
      logger[reason === LINK_CHANGED ? "debug" : "warn"](
        { stream, filter, cursor, reason },
        "consumer replaced",
      );
  };

  /** Waits a moment, less when the link changes. */
  const pause = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      clock.after(RETRY_MS, resolve);
    });

  const run = async () => {
    while (!stopped && !bus.isClosed()) {
      const startedAt = clock.now();
      try {
        if (bus.isUp()) await attempt();
      } catch (error) {
        if (error instanceof RequestTimeout) patienceMs = Math.min(2 * patienceMs, MOST_PATIENCE_MS);
        if (!stopped) logger.warn({ stream, filter, cursor, err: error }, "cannot follow, will try again");
      }
      if (!stopped && clock.now() - startedAt < RETRY_MS) await pause();
    }
  };
  const forget = bus.onChange(() => {
    current?.end(LINK_CHANGED);
    wake();
  });
  const running = run();

  return {
    cursor: () => cursor,
    async stop() {
      stopped = true;
      forget();
      current?.end("stopped");
      wake();
      await running;
    },
  };
}
