import { isConflict, PublishRefused } from "@meeshy/shared/nats/ack-inbox";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { follow } from "@meeshy/shared/nats/follow";
import type { Gate } from "@meeshy/shared/nats/gate";
import {
  compareAndDelete,
  compareAndSet,
  fromBytes,
  isDeleteMarker,
  readLast,
  toBytes,
} from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE, encodeId } from "@meeshy/shared/subjects";
import { z } from "zod";
import { type StoredRecord, storedRecordSchema } from "./stored-record.ts";

/** Somebody who owns the partition now has written further than this process: its writes must end. */
export class Fenced extends Error {
  constructor(subject: string) {
    super(`${subject} was written by a newer owner`);
    this.name = "Fenced";
  }
}

export interface RecordStore {
  /** Reads every record of the partition; unreadable ones are reported by name and left out. */
  load(): Promise<StoredRecord[]>;
  /** Writes by compare-and-set. Rejects with {@link Fenced}. */
  write(stored: StoredRecord): Promise<void>;
  /**
   * Leaves a marker with the position of the record's last event: an owner that stood still meanwhile may hold an
   * older record of this user, which must not come back. Rejects with {@link Fenced}.
   */
  remove(userId: string, epoch: number, seq: number): Promise<void>;
  /** Whether the user has a value in the bucket as far as this process knows. */
  holds(userId: string): boolean;
  /** Ends the attempts under way: they reject. */
  close(): void;
}

export interface RecordStoreOptions {
  link: NatsLink;
  partition: number;
  /** bounds the writes under way, so that their acknowledgements come in time */
  gate: Gate;
  logger: Logger;
}

const STREAM = bucketStream(BUCKET_STATE);
const RETRY_MS = 200;

export function createRecordStore({ link, partition, gate, logger }: RecordStoreOptions): RecordStore {
  const revisions = new Map<string, number>();
  let closed = false;
  const subjectOf = (userId: string) => keySubject(BUCKET_STATE, `${partition}.${encodeId(userId)}`);

  const load = async (): Promise<StoredRecord[]> => {
    const records = new Map<string, StoredRecord>();
    await new Promise<void>((resolve) => {
      const following = follow(link, {
        stream: STREAM,
        filter: keySubject(BUCKET_STATE, `${partition}.*`),
        from: "last-per-subject",
        logger,
        onCaughtUp: () => void following.stop().then(resolve),
        onMessage(message) {
          if (isDeleteMarker(message.headers)) return;
          const parsed = parse(message.data);
          if (parsed === undefined) {
            logger.error({ key: message.subject }, "record is not readable, set aside");
            return;
          }
          records.set(parsed.userId, parsed);
          revisions.set(parsed.userId, message.seq);
        },
      });
    });
    return [...records.values()];
  };

  /** Tries until stored: a refusal is first of all one's own lost ack, so the key is read before it counts. */
  const store = async (
    userId: string,
    seq: number,
    epoch: number,
    put: (expected: number) => Promise<number>,
  ) => {
    const subject = subjectOf(userId);
    for (;;) {
      if (closed) throw new Error(`${subject} was not stored: the partition was given up`);
      try {
        return await gate.run(() => put(revisions.get(userId) ?? 0));
      } catch (error) {
        if (isConflict(error)) {
          const last = await readLast(link, STREAM, subject);
          const found = last && parsePosition(last.data);
          if (found && (found.epoch > epoch || (found.epoch === epoch && found.seq > seq)))
            throw new Fenced(subject);
          revisions.set(userId, last?.seq ?? 0);
        } else {
          if (error instanceof PublishRefused)
            logger.warn({ subject, err: error }, "record refused, trying again");
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    }
  };

  return {
    load,
    async write(stored) {
      const data = toBytes(stored);
      const subject = subjectOf(stored.userId);
      const revision = await store(
        stored.userId,
        stored.seq,
        stored.epoch,
        async (expected) => (await compareAndSet(link, subject, data, expected)).seq,
      );
      revisions.set(stored.userId, revision);
    },
    async remove(userId, epoch, seq) {
      await store(
        userId,
        seq,
        epoch,
        async (expected) =>
          (await compareAndDelete(link, subjectOf(userId), expected, toBytes({ epoch, seq }))).seq,
      );
      revisions.delete(userId);
    },
    holds: (userId) => revisions.has(userId),
    close() {
      closed = true;
    },
  };
}

const positionSchema = z.object({ epoch: z.number(), seq: z.number() });

const parse = (data: Uint8Array): StoredRecord | undefined => parseAs(storedRecordSchema, data);
/** How far whoever wrote a record, or removed it, had read the log. */
const parsePosition = (data: Uint8Array) => parseAs(positionSchema, data);

function parseAs<T>(schema: z.ZodType<T>, data: Uint8Array): T | undefined {
  try {
    return schema.parse(fromBytes(data));
  } catch {
    return undefined;
  }
}
