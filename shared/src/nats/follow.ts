import { type Bus, type Consumer, RequestTimeout, type Stored } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { createCreationPatience } from "./creation-patience.ts";
import { createLandmarks } from "./landmarks.ts";

export type { Stored };

export interface FollowOptions {
  stream: string;
  filter: string;
  /** the first sequence to deliver; or everything, of a stream that keeps one message a subject, then what comes */
  from: number | "last-values";
  /** A promise holds up the messages that follow. A message whose handling failed comes again. */
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
  /** sequence of the last message that was handled; before the first: `from` - 1, or 0 with "last-values" */
  cursor(): number;
  /** when the stream that is followed was created, as the broker says it; `undefined`: not known, or none is followed yet */
  createdAt(): string | undefined;
  /** Hands no further message on; resolves when the one under way is handled. Never rejects. */
  stop(): Promise<void>;
}

const RETRY_MS = 200;
const LINK_CHANGED = "the link changed";

/**
 * Delivers a stream's messages in order, each once, until stopped: through one ephemeral consumer after the
 * other.
 *
 * The cursor is the sequence of the last message that was handled. A consumer begins behind it and lasts
 * until it skips a delivery, misses heartbeats or disappears (ARCHITECTURE "NATS, what else was found": one
 * that is hosted on a killed node stays silent for 20–40 s), or the link changes: what the server had sent
 * into a dying link counts as delivered there. Then the next one begins; if the last one did not reach 200
 * ms, after a pause of as much, or a change of the link.
 *
 * The cursor means something only in the stream that it was read from, so before each start that is checked.
 * From a sequence on, `checkStart` decides, which may throw or give another place (ADR 0005): a consumer that
 * begins past the end of a shortened stream would skip without a sign. With "last-values" it is another
 * stream when it was created at another time, ends before the cursor, or holds other messages where the last
 * ones were read: all is read again.
 *
 * What fails is logged and tried again from the cursor, for ever: what `checkStart` throws, what `onMessage`
 * throws (it gets the message again, so only what it handles is delivered once), a broker that does not
 * answer. How long the creation of a consumer is waited for is measured ({@link createCreationPatience}).
 */
export function follow(bus: Bus, options: FollowOptions): Following {
  const { stream, filter, logger } = options;
  const { clock } = bus;
  const lastValues = options.from === "last-values";
  let cursor = typeof options.from === "number" ? options.from - 1 : 0;
  const patience = createCreationPatience();
  let createdAt: string | undefined;
  let stopped = false;
  let current: Consumer | undefined;
  let wake: () => void = () => {};

  /** the messages handed on last, by which the stream is recognized after a break */
  const landmarks = createLandmarks(bus, stream);

  /** In a stream that was made anew, or put back and written on, the cursor is not valid. */
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
    const consumer = await bus
      .consume({
        stream,
        filter,
        from: cursor + 1,
        createdWithinMs: patience.ms(),
        onMessage(message) {
          const handled = options.onMessage(message);
          const done = () => {
            cursor = message.seq;
            if (lastValues) landmarks.note(message.seq, message.subject, message.data);
          };
          return handled ? handled.then(done) : done();
        },
        onCaughtUp: () => options.onCaughtUp?.(),
      })
      .catch((error: unknown) => {
        if (error instanceof RequestTimeout) patience.lost();
        throw error;
      });
    patience.created(consumer.tookMs);
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
    createdAt: () => createdAt,
    async stop() {
      stopped = true;
      forget();
      current?.end("stopped");
      wake();
      await running;
    },
  };
}
