import {
  type Bus,
  StorageTooSmall,
  type StreamDefinition,
  StreamExists,
  StreamNotFound,
} from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  STREAM_EVENTS,
  STREAM_STATUS,
  SUBJECT_EVENTS_ALL,
  SUBJECT_STATUS_SET_ALL,
} from "../subjects.ts";
import { driftOf } from "./stream-drift.ts";
import { untilAnswered } from "./until-answered.ts";

/** Largest event, bytes. */
export const MAX_EVENT_BYTES = 256 * 1024;

const HOUR_MS = 3_600_000;
/** How long a last value lives; owners rewrite live ones well before. */
export const LAST_VALUE_MAX_AGE_MS = 24 * HOUR_MS;
/** How long the last status of a deleted user stays; a gateway that could not read for longer reads all of them anew. */
export const ERASED_STATUS_KEPT_MS = HOUR_MS;

/**
 * Most that the log may take, bytes; then its oldest messages go. Far above what it holds when it is trimmed (ADR
 * 0014): the last resort, should that fail for long. A server with less room is given the next lower bound.
 */
const EVENTS_MAX_BYTES = 8 * 1024 ** 3;
const LOWER_BOUNDS = [2 * 1024 ** 3, 512 * 1024 ** 2, -1];

/** Name of the stream behind a key-value bucket. */
export const bucketStream = (bucket: string): string => `KV_${bucket}`;
/** Subject of a bucket's key. */
export const keySubject = (bucket: string, key: string): string => `$KV.${bucket}.${key}`;

const anyStream = {
  maxAgeMs: 0,
  maxMessageBytes: -1,
  maxBytes: -1,
  maxMessagesPerSubject: -1,
  discard: "old",
  allowRollup: false,
  denyDelete: false,
} as const;
const anyBucket = {
  ...anyStream,
  maxMessagesPerSubject: 1,
  discard: "new",
  allowRollup: true,
  denyDelete: true,
} as const;

const bucket = (name: string, maxAgeMs: number): Omit<StreamDefinition, "replicas"> => ({
  ...anyBucket,
  name: bucketStream(name),
  subjects: [keySubject(name, ">")],
  maxAgeMs,
});

const definitions: Omit<StreamDefinition, "replicas">[] = [
  {
    ...anyStream,
    name: STREAM_EVENTS,
    subjects: [SUBJECT_EVENTS_ALL],
    maxMessageBytes: MAX_EVENT_BYTES,
    maxBytes: EVENTS_MAX_BYTES,
  },
  {
    ...anyStream,
    name: STREAM_STATUS,
    subjects: [SUBJECT_STATUS_SET_ALL],
    maxAgeMs: LAST_VALUE_MAX_AGE_MS,
    maxMessagesPerSubject: 1,
    republish: { from: SUBJECT_STATUS_SET_ALL, to: "presence.status.{{wildcard(1)}}" },
  },
  bucket(BUCKET_STATE, LAST_VALUE_MAX_AGE_MS),
  bucket(BUCKET_LEASES, 0),
];

/**
 * Creates the streams and buckets that are missing (ARCHITECTURE "Streams and buckets"). Every process may
 * call it at once. A stream that is there is left as it is, however it is configured: that is for
 * {@link compareStreams}. A question without an answer is asked
 * again ({@link untilAnswered}); `logger`: where that is logged.
 * @throws {StreamExists} a stream of another name holds the subjects
 * @throws {StorageTooSmall} the server has no room, not even without a bound of bytes
 * @throws {RequestTimeout} a question was not answered for 30 s
 * @throws {Error} JetStream is not available, or the server's reason
 */
export async function ensureStreams(bus: Bus, replicas: number, logger?: Logger): Promise<void> {
  const ensure = (definition: StreamDefinition) =>
    untilAnswered(bus, () => ensureStream(bus, definition), logger);
  await Promise.all(definitions.map((definition) => ensure({ ...definition, replicas })));
}

async function ensureStream(bus: Bus, definition: StreamDefinition): Promise<void> {
  try {
    await bus.info(definition.name);
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
    await create(bus, definition);
  }
}

/**
 * Logs every difference between the streams and their definitions, by stream and field, with both values. `updates`:
 * what the server lets be changed is brought in line, but for the number of replicas, which is the operator's; what it
 * refuses is logged as an error. Never rejects for that: what works with the difference goes on (ADR 0013).
 * @throws {StreamNotFound} one is missing
 * @throws {RequestTimeout} a question was not answered for 30 s
 */
export async function compareStreams(
  bus: Bus,
  replicas: number,
  { updates, logger }: { updates: boolean; logger: Logger },
): Promise<void> {
  const infoOf = ({ name }: { name: string }) => untilAnswered(bus, () => bus.info(name), logger);
  const found = await Promise.all(
    definitions.map(async (wanted) => ({ wanted, actual: (await infoOf(wanted)).definition })),
  );
  for (const { wanted, actual } of found) {
    const drifts = driftOf(actual, { ...wanted, replicas });
    for (const drift of drifts)
      logger.warn({ stream: wanted.name, ...drift }, "a stream is configured differently");
    if (!updates || drifts.every(({ field }) => field === "replicas")) continue;
    try {
      await withinStorage(wanted, (fitting) =>
        untilAnswered(bus, () => bus.updateStream({ ...fitting, replicas: actual.replicas }), logger),
      );
      logger.info({ stream: wanted.name }, "the stream's configuration was brought in line");
    } catch (error) {
      logger.error(
        { stream: wanted.name, err: error },
        "the stream's configuration cannot be brought in line",
      );
    }
  }
}

/** Tries lower bounds of bytes for as long as the server has less room than that. */
async function withinStorage<T extends { maxBytes: number }>(
  definition: T,
  attempt: (definition: T) => Promise<void>,
): Promise<void> {
  const lower = definition.maxBytes > 0 ? LOWER_BOUNDS : [];
  for (const maxBytes of [definition.maxBytes, ...lower]) {
    try {
      return await attempt({ ...definition, maxBytes });
    } catch (error) {
      if (!(error instanceof StorageTooSmall) || maxBytes === (lower.at(-1) ?? maxBytes)) throw error;
    }
  }
}

async function create(bus: Bus, definition: StreamDefinition): Promise<void> {
  try {
    await withinStorage(definition, bus.createStream);
  } catch (error) {
    // Another process may be making it in this moment: its name, or its subjects already, are then taken.
    if (!(error instanceof StreamExists) || !(await appears(bus, definition.name))) throw error;
  }
}

const APPEARS_WITHIN_MS = 1_000;
const APPEARS_LOOK_MS = 50;

/** Whether a stream of this name is there, or comes in a moment. */
async function appears(bus: Bus, name: string): Promise<boolean> {
  const until = bus.clock.now() + APPEARS_WITHIN_MS;
  for (;;) {
    try {
      await bus.info(name);
      return true;
    } catch (error) {
      if (!(error instanceof StreamNotFound)) throw error;
      if (bus.clock.now() > until) return false;
      await bus.clock.sleep(APPEARS_LOOK_MS);
    }
  }
}

const LOOK_MS = 1_000;

/**
 * {@link ensureStreams} and {@link compareStreams}; then the former again every second and at each change of
 * the link, until `stop`: a stream deleted under running processes comes back.
 * @throws {Error} as the two, of the first time; later failures are logged
 */
export async function keepStreams(bus: Bus, replicas: number, logger: Logger): Promise<{ stop(): void }> {
  await ensureStreams(bus, replicas, logger);
  await compareStreams(bus, replicas, { updates: true, logger });
  let isLooking = false;
  const look = async () => {
    if (!bus.isUp() || isLooking) return;
    isLooking = true;
    await ensureStreams(bus, replicas).catch((error) => logger.warn({ err: error }, "streams not checked"));
    isLooking = false;
  };
  const timer = bus.clock.every(LOOK_MS, () => void look());
  const forget = bus.onChange(() => void look());
  return {
    stop() {
      timer.cancel();
      forget();
    },
  };
}
