import type { Gate } from "@meeshy/shared/nats/gate";
import { compareAndDelete, compareAndSet, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { type Bus, isConflict, PublishRefused } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE, encodeId } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import type { Written } from "../core/partition.ts";
import { readPosition, type StoredRecord } from "./stored-record.ts";

/** Somebody who owns the partition now has written further than this process: its writes must end. */
export class Fenced extends Error {
  constructor(subject: string) {
    super(`${subject} was written by a newer owner`);
    this.name = "Fenced";
  }
}

export interface RecordStore {
  /** Writes by compare-and-set. Rejects with {@link Fenced}. */
  write(stored: StoredRecord): Promise<void>;
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
}

/** Whether the streams are still those of the epoch in which the partition is owned. */
export interface WritePermit {
  /** What to await before each write; `undefined`: nothing. Rejects when the epoch is over. */
  permit(): Promise<void> | undefined;
  /** Something that had been written is gone. */
  doubt(): void;
}

const STREAM = bucketStream(BUCKET_STATE);
const RETRY_MS = 200;

export function createRecordStore(options: RecordStoreOptions): RecordStore {
  const { bus, partition, gate, logger, writtenOf, writing } = options;
  let closed = false;
  const subjectOf = (userId: string) => keySubject(BUCKET_STATE, `${partition}.${encodeId(userId)}`);

  /** Tries until stored: a refusal is first of all one's own lost ack, so the key is read before it counts. */
  const store = async (
    userId: string,
    seq: number,
    epoch: number,
    put: (expected: number) => Promise<number>,
  ) => {
    const subject = subjectOf(userId);
    let expected = writtenOf(userId)?.recordSeq ?? 0;
    const note = (recordSeq: number) => {
      const written = writtenOf(userId);
      if (written) written.recordSeq = recordSeq;
    };
    for (;;) {
      if (closed) throw new Error(`${subject} was not stored: the partition was given up`);
      const permit = writing.permit();
      if (permit) await permit;
      try {
        note(await gate.run(() => put(expected)));
        return;
      } catch (error) {
        if (isConflict(error)) {
          const last = await bus.lastValue(STREAM, subject);
          const found = last && readPosition(last.data);
          if (found && (found.epoch > epoch || (found.epoch === epoch && found.seq > seq)))
            throw new Fenced(subject);
          if (last === undefined && expected > 0) writing.doubt();
          expected = last?.seq ?? 0;
          note(expected);
        } else {
          if (error instanceof PublishRefused)
            logger.warn({ subject, err: error }, "record refused, trying again");
          await bus.clock.sleep(RETRY_MS);
        }
      }
    }
  };

  return {
    async write(stored) {
      const data = toBytes(versioned("record", stored));
      const subject = subjectOf(stored.userId);
      await store(
        stored.userId,
        stored.seq,
        stored.epoch,
        async (expected) => (await compareAndSet(bus, subject, data, expected)).seq,
      );
    },
    async remove(userId, epoch, seq) {
      await store(
        userId,
        seq,
        epoch,
        async (expected) =>
          (
            await compareAndDelete(
              bus,
              subjectOf(userId),
              expected,
              toBytes(versioned("record", { epoch, seq })),
            )
          ).seq,
      );
    },
    close() {
      closed = true;
    },
  };
}
