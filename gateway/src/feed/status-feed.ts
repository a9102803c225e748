import { createLandmarks } from "@meeshy/shared/nats/landmarks";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import { STREAM_STATUS, SUBJECT_STATUS_ALL } from "@meeshy/shared/subjects";
import { createInOrder } from "../core/in-order.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { createFreshness, type Freshness, thisMoment } from "./freshness.ts";
import { readStatusMessage } from "./read-status.ts";
import { type Applied, createReplica, type Replica } from "./replica.ts";
import { passOverStatuses } from "./stream-pass.ts";

/**
 * Keeps a replica of the statuses (DESIGN "Streams and buckets"): live by core subscription, whose stream
 * sequences are consecutive; what a gap, or a look at the stream's end, shows to be missing is read from
 * the stream. Order is the stream's.
 */
export interface StatusFeed
  extends Pick<Replica, "get" | "shown" | "onlineIn">,
    Pick<Freshness, "staleSince"> {
  /** Hears of every status that is newer than what was known. */
  onChange(listener: (status: StatusMessage) => void): void;
  /** Hears of what the directory says anew of a person, with the status before where one was known. */
  onDirectoryNews(listener: (status: StatusMessage, former: StatusMessage | undefined) => void): void;
  onStale: Freshness["onChange"];
  isLoaded(): boolean;
  /** Resolves once the replica is loaded for the first time. */
  loaded: Promise<void>;
  stop(): Promise<void>;
}

export interface FeedDeps {
  bus: Bus;
  metrics: GatewayMetrics;
  logger: Logger;
}

interface Raw {
  subject: string;
  data: Uint8Array;
}

const LOOK_EVERY_MS = 1_000;
/** Time that a message known to be stored has to arrive live before it is fetched. */
const LIVE_WITHIN_MS = 250;
const RETRY_MS = 250;
const MAX_HELD = 50_000;
const FORGET_EVERY_LOOKS = 3_600;

export function createStatusFeed({ bus, metrics, logger }: FeedDeps): StatusFeed {
  const { clock } = bus;
  const inOrder = createInOrder<Raw>({ maxHeld: MAX_HELD });
  const landmarks = createLandmarks(bus, STREAM_STATUS);
  const freshness = createFreshness({ bus, metrics, logger });
  const listeners: ((status: StatusMessage) => void)[] = [];
  const newsListeners: ((status: StatusMessage, former: StatusMessage | undefined) => void)[] = [];
  const ending = new AbortController();
  const { signal } = ending;
  const pause = (ms: number) => clock.sleep(ms, signal);
  let replica = createReplica();
  let streamCreated = "";
  let isLoaded = false;
  const { promise: loaded, resolve: markLoaded } = Promise.withResolvers<void>();
  let isReading = true;

  /** the link broke since the stream was recognized */
  let isInDoubt = false;
  const forgetLink = bus.onChange(() => {
    isInDoubt = true;
  });

  const take = (into: Replica, seq: number, { subject, data }: Raw): Applied | undefined => {
    landmarks.note(seq, subject.slice(subject.lastIndexOf(".")), data);
    try {
      const { status, text } = readStatusMessage(subject, data);
      return into.apply(status, seq, text);
    } catch (error) {
      metrics.rejectedStatuses.inc();
      logger.error({ seq, subject, err: error }, "status message set aside");
      return undefined;
    }
  };
  const takeNews = (seq: number, raw: Raw) => {
    const applied = take(replica, seq, raw);
    if (!applied) return;
    const { status, former, isChange } = applied;
    const pass = (tell: () => void) => {
      try {
        tell();
      } catch (error) {
        logger.error({ seq, err: error }, "status not passed on");
      }
    };
    if (isDirectoryNews(status, former))
      for (const listener of newsListeners) pass(() => listener(status, former));
    if (isChange) for (const listener of listeners) pass(() => listener(status));
  };
  const look = () => bus.info(STREAM_STATUS);

  const subscription = bus.subscribe(SUBJECT_STATUS_ALL, (message) => {
    const { seq } = message;
    // What carries no sequence was not stored, only sent to the subject.
    if (seq === undefined) return;
    if (!isReading && !isInDoubt && seq === inOrder.seen() + 1) {
      inOrder.advance(seq);
      takeNews(seq, message);
    } else {
      inOrder.hold(seq, message);
      if (!isReading) void read(fillIn);
    }
  });

  /** Whether the stream is the one that was read: only after a break of the link it may be another. */
  const recognize = async () => {
    if (!isInDoubt) return "same";
    isInDoubt = false;
    try {
      return await landmarks.recognize();
    } catch (error) {
      isInDoubt = true;
      throw error;
    }
  };

  /** The stream's last values into a new replica: viewers get snapshots of it, not changes. */
  const load = async () => {
    const { created, last: end } = await look();
    const fresh = createReplica();
    let last = end;
    await passOverStatuses(
      { bus, logger },
      "last-values",
      (message) => {
        take(fresh, message.seq, message);
        last = Math.max(last, message.seq);
      },
      signal,
    );
    if (signal.aborted) return;
    replica = fresh;
    streamCreated = created;
    inOrder.reset(last);
    isLoaded = true;
    markLoaded();
    logger.info({ users: fresh.size(), seq: last }, "statuses loaded");
  };

  const reload = async () => {
    logger.warn({ seen: inOrder.seen() }, "the status stream is another one: reading it anew");
    inOrder.dropHeld();
    landmarks.clear();
    freshness.doubt();
    await load();
  };

  /** What the stream holds beside what is known: a status that is newer is a change like any other. */
  const fillInAll = () =>
    passOverStatuses({ bus, logger }, 1, (message) => takeNews(message.seq, message), signal);

  const fillIn = async () => {
    const identity = await recognize();
    if (identity === "other") return reload();
    if (identity === "unknown") await fillInAll();
    const awaited = inOrder.highestHeld();
    const target = (await look()).last;
    if (target < awaited) inOrder.dropHeld(); // of a stream that is gone; the next look finds the new one
    if (target <= inOrder.seen()) return;
    logger.info({ from: inOrder.seen() + 1, target }, "reading missed statuses from the stream");
    await passOverStatuses(
      { bus, logger },
      inOrder.seen() + 1,
      (message) => {
        takeNews(message.seq, message);
        inOrder.advance(message.seq);
      },
      signal,
    );
    inOrder.advance(target);
  };

  /** Reads from the stream, while live messages are held; and again until none is missing. */
  const read = async (first: () => Promise<void>) => {
    isReading = true;
    for (let step = first; !signal.aborted; ) {
      try {
        await step();
        for (const { seq, message } of inOrder.release()) takeNews(seq, message);
        if (inOrder.highestHeld() === 0) break;
        step = fillIn;
      } catch (error) {
        logger.warn({ err: error }, "cannot read the status stream, will try again");
        await pause(RETRY_MS);
      }
    }
    isReading = false;
  };

  /** Proves the view complete, or makes it so. */
  const check = async () => {
    const asked = thisMoment(clock);
    const seen = inOrder.seen(); // of now: live messages may overtake the answer
    const { created, last } = await look();
    if (isReading) return;
    if (created !== streamCreated || last < seen) {
      logger.warn({ seen, last }, "the status stream ends earlier than it did, or was made anew");
      await read(reload);
    } else if (isInDoubt) {
      await read(fillIn);
    } else if (last > inOrder.seen()) {
      await pause(LIVE_WITHIN_MS);
      if (isReading) return;
      if (last > inOrder.seen()) await read(fillIn);
    }
    if (!signal.aborted) freshness.prove(asked);
  };

  const keepUp = async () => {
    await read(load);
    for (let looks = 1; !signal.aborted; looks++) {
      try {
        await check();
        if (looks % FORGET_EVERY_LOOKS === 0) replica.forgetBefore((await look()).first);
      } catch (error) {
        logger.debug({ err: error }, "cannot look at the status stream");
      }
      await pause(LOOK_EVERY_MS);
    }
  };
  const keepingUp = keepUp();

  return {
    get: (userId) => replica.get(userId),
    shown: (userId) => replica.shown(userId),
    onlineIn: (conversationId) => replica.onlineIn(conversationId),
    onChange: (listener) => void listeners.push(listener),
    onDirectoryNews: (listener) => void newsListeners.push(listener),
    onStale: freshness.onChange,
    staleSince: freshness.staleSince,
    isLoaded: () => isLoaded,
    loaded,
    async stop() {
      ending.abort();
      subscription.unsubscribe();
      forgetLink();
      freshness.stop();
      await keepingUp;
    },
  };
}

/** A record that starts anew knows of no changes: 0 says nothing. */
function isDirectoryNews(now: StatusMessage, former: StatusMessage | undefined): boolean {
  if (now.directoryVersion > 0 && now.directoryVersion !== former?.directoryVersion) return true;
  return former !== undefined && String(now.conversationIds) !== String(former.conversationIds);
}
