import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import type { Logger } from "../runtime/logger.ts";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  STREAM_EVENTS,
  STREAM_STATUS,
  SUBJECT_EVENTS_ALL,
  SUBJECT_STATUS_SET_ALL,
} from "../subjects.ts";
import type { NatsLink } from "./connect.ts";

/** Largest event, bytes. */
export const MAX_EVENT_BYTES = 256 * 1024;

const HOUR_MS = 3_600_000;
/** How long the log is kept: replay never needs more than the time since the oldest checkpoint. */
const EVENTS_MAX_AGE_MS = 6 * HOUR_MS;
/** How long a last value lives; owners rewrite live ones well before. */
export const LAST_VALUE_MAX_AGE_MS = 24 * HOUR_MS;
const nanos = (ms: number): number => ms * 1e6;

const STREAM_NOT_FOUND = 10059;
const NAME_IN_USE = 10058;
const SUBJECTS_OVERLAP = 10_065;

/** Name of the stream behind a key-value bucket. */
export const bucketStream = (bucket: string): string => `KV_${bucket}`;
/** Subject of a bucket's key. */
export const keySubject = (bucket: string, key: string): string => `$KV.${bucket}.${key}`;

const bucket = (name: string, extra: Partial<StreamConfig>): Partial<StreamConfig> => ({
  name: bucketStream(name),
  subjects: [`$KV.${name}.>`],
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.New,
  allow_rollup_hdrs: true,
  deny_delete: true,
  allow_direct: true,
  ...extra,
});

const definitions: Partial<StreamConfig>[] = [
  {
    name: STREAM_EVENTS,
    subjects: [SUBJECT_EVENTS_ALL],
    max_age: nanos(EVENTS_MAX_AGE_MS),
    max_msg_size: MAX_EVENT_BYTES,
    discard: DiscardPolicy.Old,
    allow_direct: true,
  },
  {
    name: STREAM_STATUS,
    subjects: [SUBJECT_STATUS_SET_ALL],
    max_age: nanos(LAST_VALUE_MAX_AGE_MS),
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.Old,
    allow_direct: true,
    republish: { src: SUBJECT_STATUS_SET_ALL, dest: "presence.status.{{wildcard(1)}}" },
  },
  bucket(BUCKET_STATE, { max_age: nanos(LAST_VALUE_MAX_AGE_MS) }),
  bucket(BUCKET_LEASES, {}),
];

/**
 * Creates the streams and buckets that are missing (DESIGN "Streams and buckets"). Every process may
 * call it at once. Rejects when JetStream is not available or a stream of the name differs in subjects.
 */
export async function ensureStreams(link: NatsLink, replicas: number): Promise<void> {
  for (const definition of definitions) {
    try {
      await link.jsm.streams.info(definition.name as string);
    } catch (error) {
      if (errorCode(error) !== STREAM_NOT_FOUND) throw error;
      try {
        await link.jsm.streams.add({
          retention: RetentionPolicy.Limits,
          storage: StorageType.File,
          num_replicas: replicas,
          ...definition,
        } as StreamConfig & { name: string });
      } catch (created) {
        // Another process may be making it in this moment: its name, or its subjects already, are then taken.
        const isTaken = errorCode(created) === NAME_IN_USE || errorCode(created) === SUBJECTS_OVERLAP;
        if (!isTaken || !(await appears(link, definition.name as string))) throw created;
      }
    }
  }
}

const APPEARS_WITHIN_MS = 1_000;
const APPEARS_LOOK_MS = 50;

/** Whether a stream of this name is there, or comes in a moment. */
async function appears(link: NatsLink, name: string): Promise<boolean> {
  const until = performance.now() + APPEARS_WITHIN_MS;
  for (;;) {
    try {
      await link.jsm.streams.info(name);
      return true;
    } catch (error) {
      if (errorCode(error) !== STREAM_NOT_FOUND) throw error;
      if (performance.now() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, APPEARS_LOOK_MS));
    }
  }
}

const LOOK_MS = 1_000;

/** {@link ensureStreams}, and again whenever one is found missing: a stream deleted under running processes comes back. */
export async function keepStreams(
  link: NatsLink,
  replicas: number,
  logger: Logger,
): Promise<{ stop(): void }> {
  await ensureStreams(link, replicas);
  const look = async () => {
    if (!link.isUp()) return;
    await ensureStreams(link, replicas).catch((error) => logger.warn({ err: error }, "streams not checked"));
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return { stop: () => clearInterval(timer) };
}

function errorCode(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "number"
    ? error.code
    : undefined;
}
