import {
  AckPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  ReplayPolicy,
} from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/nats-core";
import type { Logger } from "../runtime/logger.ts";
import type { NatsLink } from "./connect.ts";

/** A message of a stream. `time`: the broker's timestamp, ms since 1970. */
export interface Stored {
  seq: number;
  subject: string;
  data: Uint8Array;
  time: number;
  headers: MsgHdrs | undefined;
  /** how many messages of the filter the stream held after this one when it was sent */
  pending: number;
}

export interface FollowOptions {
  stream: string;
  filter: string;
  /** the first sequence to deliver; or each subject's last value, then what comes */
  from: number | "last-per-subject";
  onMessage: (message: Stored) => void | Promise<void>;
  /** The end of the stream was reached, for the first time or again after a restart. */
  onCaughtUp?: () => void;
  /** Only with "last-per-subject": the stream is not the one followed so far; its last values come next. */
  onRecreated?: () => void;
  /** Runs before every start at a sequence; gives the sequence to start from. May throw: tried again. */
  checkStart?: (from: number) => Promise<number>;
  logger: Logger;
}

export interface Following {
  /** sequence of the last message handed on; 0 before the first */
  cursor(): number;
  stop(): Promise<void>;
}

/** Messages asked for ahead; silence of two heartbeats makes the consumer suspect. */
const PULL = { max_messages: 256, expires: 2_000, idle_heartbeat: 1_000 };
const INACTIVE_NS = 30_000 * 1e6;
const RETRY_MS = 200;

/** What the client reports when a consumer can no longer be trusted to deliver. */
const SUSPECT = new Set([
  "heartbeats_missed",
  "consumer_not_found",
  "consumer_deleted",
  "stream_not_found",
  "no_responders",
  "reset",
]);

/**
 * Delivers a stream's messages in order, each once, for ever: an ephemeral consumer, replaced at the
 * cursor as soon as it skips a delivery, misses heartbeats or disappears (DESIGN "NATS, what else was
 * found": a consumer hosted on a killed node stays silent for 20–40 s), and whenever the link broke:
 * what the server had sent into a dying link counts as delivered there.
 */
export function follow(link: NatsLink, options: FollowOptions): Following {
  const { stream, filter, logger } = options;
  const lastValues = options.from === "last-per-subject";
  let cursor = typeof options.from === "number" ? options.from - 1 : 0;
  let perSubject = lastValues;
  let createdAt: string | undefined;
  let stopped = false;
  let current: ConsumerMessages | undefined;
  let wake: () => void = () => {};

  /** A stream made anew starts its sequences again: the cursor says nothing about it. */
  const checkIdentity = async () => {
    const { created, state } = await link.jsm.streams.info(stream);
    if (createdAt !== undefined && (created !== createdAt || state.last_seq < cursor)) {
      logger.warn({ stream, filter, cursor }, "stream was made anew, reading its last values");
      perSubject = true;
      cursor = 0;
      options.onRecreated?.();
    }
    createdAt = created;
  };

  const start = async (): Promise<{ messages: ConsumerMessages; info: ConsumerInfo }> => {
    if (lastValues) await checkIdentity();
    else if (options.checkStart) cursor = (await options.checkStart(cursor + 1)) - 1;
    const info = await link.jsm.consumers.add(stream, {
      filter_subject: filter,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: INACTIVE_NS,
      mem_storage: true,
      num_replicas: 1,
      ...(perSubject
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: cursor + 1 }),
    });
    const messages = await link.js.consumers.getConsumerFromInfo(info).consume(PULL);
    return { messages, info };
  };

  const deliver = async (messages: ConsumerMessages, info: ConsumerInfo) => {
    let delivered = 0;
    let behind = true;
    const caughtUp = () => {
      if (!behind) return;
      behind = false;
      perSubject = false;
      options.onCaughtUp?.();
    };
    const watch = async () => {
      for await (const status of messages.status()) {
        if (SUSPECT.has(status.type)) {
          logger.warn({ stream, filter, cursor, status: status.type }, "consumer replaced");
          messages.stop();
        } else if (behind && status.type === "heartbeat") {
          // What stood between the cursor and the end may have been purged meanwhile: then no message says so.
          const now = await link.jsm.consumers.info(stream, info.name).catch(() => undefined);
          if (now?.num_pending === 0 && now.delivered.consumer_seq === delivered) caughtUp();
        }
      }
    };
    void watch();
    if (info.num_pending === 0) caughtUp();
    for await (const message of messages) {
      if (stopped) return;
      const { deliverySequence, streamSequence, pending } = message.info;
      if (deliverySequence !== delivered + 1) {
        logger.warn({ stream, filter, cursor }, "consumer skipped a delivery");
        return;
      }
      const handled = options.onMessage(toStored(message));
      if (handled) await handled;
      delivered++;
      cursor = streamSequence;
      if (pending === 0 || delivered >= info.num_pending) caughtUp();
    }
  };

  /** Waits a moment, less when the link changes. */
  const pause = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, RETRY_MS);
    });

  const run = async () => {
    while (!stopped && !link.nc.isClosed()) {
      const startedAt = performance.now();
      try {
        if (link.isUp()) {
          const { messages, info } = await start();
          current = messages;
          try {
            if (!stopped) await deliver(messages, info);
          } finally {
            messages.stop();
          }
        }
      } catch (error) {
        if (!stopped) logger.warn({ stream, filter, cursor, err: error }, "cannot follow, will try again");
      }
      if (!stopped && performance.now() - startedAt < RETRY_MS) await pause();
    }
  };
  const forget = link.onChange(() => {
    current?.stop();
    wake();
  });
  const running = run();

  return {
    cursor: () => cursor,
    async stop() {
      stopped = true;
      forget();
      current?.stop();
      wake();
      await running;
    },
  };
}

function toStored(message: JsMsg): Stored {
  const info = message.info;
  return {
    seq: info.streamSequence,
    subject: message.subject,
    data: message.data,
    time: Math.floor(info.timestampNanos / 1e6),
    headers: message.headers,
    pending: info.pending,
  };
}
