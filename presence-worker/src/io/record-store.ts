import type { Gate } from "@meeshy/shared/nats/gate";
import { compareAndDelete, compareAndSet, fromBytesOrNone, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import {
  type Bus,
  isConflict,
  isTooLarge,
  type LastValue,
  type LateAnswers,
  type PubAck,
  PublishRefused,
} from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE, encodeId } from "@meeshy/shared/subjects";
import { isLater, versioned } from "@meeshy/shared/versions";
import type { Written } from "../core/user-table.ts";
import { createAttempts } from "./attempts.ts";
import {
  encodeRecord,
  RECORD_MAX_BYTES,
  readPosition,
  readRecord,
  type StoredRecord,
} from "./stored-record.ts";

/** The partition's present owner has written further than this process: its writes must end. */
export class Fenced extends Error {
  constructor(subject: string) {
    super(`${subject} was written by a newer owner`);
    this.name = "Fenced";
  }
}

export interface RecordStore {
  /**
   * Writes by compare-and-set, until stored; each attempt after the first writes what `newest` gives. A record that
   * does not fit is reported and stored with less in it, or not at all. Rejects with {@link Fenced}.
   */
  write(stored: StoredRecord, newest: () => Promise<StoredRecord>): Promise<void>;
  /**
   * Leaves a marker with the position of the record's last event: an owner that stood still meanwhile may hold an
   * older record of this user, which must not come back. Rejects with {@link Fenced}.
   */
  remove(userId: string, epoch: number, seq: number): Promise<void>;
  /** Ends the attempts under way: they reject. */
  close(): void;
}

export interface RecordStoreOptions {
  bus: Bus;
  partition: number;
  /** bounds the writes under way, so that their acknowledgements come in time */
  gate: Gate;
  logger: Logger;
  /** where the sequence of a user's last record is noted; `undefined` of a user who is not held */
  writtenOf: (userId: string) => Written | undefined;
  writing: WritePermit;
  /** A record did not fit as a whole. */
  onOversize: () => void;
  /** A record cannot be read; `isKept`: it is of a later event than the one to be written, and stays. */
  onUnreadable: (key: string, revision: number, isKept: boolean) => void;
}

/** Whether the streams are still those of the epoch in which the partition is owned. */
export interface WritePermit {
  /** What to await before each write; `undefined`: nothing. Rejects when the epoch is over. */
  permit(): Promise<void> | undefined;
  /** Something that had been written is gone. */
  doubt(): void;
  /** A write was stored at this sequence of its stream. */
  stored(seq: number): void;
}

/** What an attempt writes: a record, or its removal, as of a log position. */
interface Attempt {
  epoch: number;
  seq: number;
  put: (expected: number, late: LateAnswers) => Promise<PubAck>;
}

const STREAM = bucketStream(BUCKET_STATE);
const RETRY_MS = 200;

/**
 * How the value under a user's key relates to what is to be written. A record that cannot be read still holds the log
 * position of its writer: one of a later event is kept, since its content is unknown, and the user's next event
 * replaces it.
 */
function judge(last: LastValue, { epoch, seq }: Pick<Attempt, "epoch" | "seq">) {
  const found = readPosition(last.data);
  const isAhead = found !== undefined && (found.epoch > epoch || (found.epoch === epoch && found.seq > seq));
  if (last.deleted || readRecord(last.data) !== undefined) return isAhead ? "ahead" : "behind";
  const isUnknown = found === undefined && isLater("record", fromBytesOrNone(last.data));
  return isAhead || isUnknown ? "kept" : "replaced";
}

export function createRecordStore(options: RecordStoreOptions): RecordStore {
  const { bus, partition, gate, logger, writtenOf, writing, onOversize, onUnreadable } = options;
  let closed = false;
  /** whose record did not fit when it was last written */
  const oversized = new Set<string>();
  const subjectOf = (userId: string) => keySubject(BUCKET_STATE, `${partition}.${encodeId(userId)}`);

  /**
   * Tries until stored: a refusal is first of all one's own lost acknowledgement, so the key is read before it counts.
   * `next`: what to try after a failure; `undefined`: nothing more.
   */
  const store = async (
    userId: string,
    first: Attempt | undefined,
    next: (error: unknown) => Promise<Attempt | undefined>,
  ) => {
    const subject = subjectOf(userId);
    let expected = writtenOf(userId)?.recordSeq ?? 0;
    const note = (recordSeq: number) => {
      const written = writtenOf(userId);
      if (written) written.recordSeq = recordSeq;
    };
    const attemptAt = createAttempts();
    let attempt = first;
    while (attempt !== undefined) {
      const { epoch, seq, put } = attempt;
      if (closed) throw new Error(`${subject} was not stored: the partition was given up`);
      const permit = writing.permit();
      if (permit) await permit;
      try {
        const { seq: recordSeq } = await gate.run(() =>
          attemptAt(`${epoch}.${seq}`, (late) => put(expected, late)),
        );
        note(recordSeq);
        writing.stored(recordSeq);
        return;
      } catch (error) {
        if (isConflict(error)) {
          const last = await bus.lastValue(STREAM, subject, "leader");
          if (last) {
            const standing = judge(last, { epoch, seq });
            if (standing === "ahead") throw new Fenced(subject);
            if (standing !== "behind") onUnreadable(subject, last.seq, standing === "kept");
            if (standing === "kept") return;
          }
          if (last === undefined && expected > 0) writing.doubt();
          expected = last?.seq ?? 0;
          note(expected);
        } else {
          if (!isTooLarge(error)) {
            if (error instanceof PublishRefused)
              logger.warn({ subject, err: error }, "record refused, trying again");
            await bus.clock.sleep(RETRY_MS);
          }
          attempt = await next(error);
        }
      }
    }
  };

  const report = (userId: string, { isWhole, bytes }: { isWhole: boolean; bytes: number }) => {
    if (isWhole) oversized.delete(userId);
    else {
      onOversize();
      if (oversized.has(userId)) return;
      oversized.add(userId);
      const what = bytes > 0 ? "stored with less in it" : "not stored";
      logger.error({ userId, bytes }, `record over the broker's limit, ${what}`);
    }
  };

  return {
    async write(stored, newest) {
      const { userId } = stored;
      let maxBytes = RECORD_MAX_BYTES;
      let bytes = 0;
      const toAttempt = (record: StoredRecord): Attempt | undefined => {
        const encoded = encodeRecord(record, maxBytes);
        bytes = encoded?.data.length ?? 0;
        report(userId, { isWhole: encoded?.isWhole ?? false, bytes });
        if (encoded === undefined) return undefined;
        const put: Attempt["put"] = (expected, late) =>
          compareAndSet(bus, subjectOf(userId), encoded.data, expected, late);
        return { epoch: record.epoch, seq: record.seq, put };
      };
      await store(userId, toAttempt(stored), async (error) => {
        if (isTooLarge(error)) maxBytes = bytes >> 1;
        return toAttempt(await newest());
      });
    },
    async remove(userId, epoch, seq) {
      oversized.delete(userId);
      const data = toBytes(versioned("record", { epoch, seq }));
      const put: Attempt["put"] = (expected, late) =>
        compareAndDelete(bus, subjectOf(userId), expected, data, late);
      const attempt = { epoch, seq, put };
      await store(userId, attempt, async (error) => (isTooLarge(error) ? undefined : attempt));
    },
    close() {
      closed = true;
    },
  };
}
