import type { Clock } from "@meeshy/shared/ports/clock";
import type { Partition } from "../core/partition.ts";
import { isRetained, type UserRecord } from "../core/record.ts";
import type { DatabaseWriter } from "../io/database-writer.ts";
import type { RecordStore } from "../io/record-store.ts";
import type { Claim } from "./lease.ts";

/** A written record that holds nothing more than the database will; `since`: monotonic ms. */
interface Leaving {
  record: UserRecord;
  since: number;
}

export interface LeavingParts {
  clock: Clock;
  /** a gateway's event may carry a stored row that is older than the record's last change: the record outlives it */
  keptMs: number;
  claim: Claim;
  partition: Partition;
  records: RecordStore;
  database: DatabaseWriter;
}

/** Written records of users who are offline: they are removed once nothing needs them any more. */
export class LeavingRecords {
  readonly #parts: LeavingParts;
  /** in the order in which they were written */
  readonly #leaving = new Map<string, Leaving>();

  constructor(parts: LeavingParts) {
    this.#parts = parts;
  }

  /** The record has just been written. */
  noteWritten(record: UserRecord): void {
    this.#leaving.delete(record.userId);
    if (!isRetained(record)) this.#leaving.set(record.userId, { record, since: this.#parts.clock.now() });
  }

  /** Those that may go, given the log sequence of the last checkpoint. */
  due(checkpointSeq: number): Leaving[] {
    const due: Leaving[] = [];
    for (const one of this.#old()) if (this.#mayLeave(one, checkpointSeq)) due.push(one);
    return due;
  }

  hasDue(checkpointSeq: number): boolean {
    for (const one of this.#old()) if (this.#mayLeave(one, checkpointSeq)) return true;
    return false;
  }

  /** Those that have been kept for long enough. */
  *#old(): Iterable<Leaving> {
    const { clock, keptMs } = this.#parts;
    for (const one of this.#leaving.values()) {
      if (clock.now() - one.since <= keptMs) return;
      yield one;
    }
  }

  /** Removes the record from the broker and the partition, unless the user has come back meanwhile. */
  async remove({ record, since }: Leaving): Promise<void> {
    const { claim, partition, records } = this.#parts;
    const { userId, seq } = record;
    this.#leaving.delete(userId);
    if (partition.get(userId) !== record) return;
    try {
      await records.remove(userId, claim.memory.epoch, seq);
    } catch (error) {
      this.#leaving.set(userId, { record, since });
      throw error;
    }
    if (partition.get(userId) !== record) return;
    partition.drop(userId);
  }

  /**
   * A record may go once the database has it and the checkpoint lies behind it: its events, replayed
   * without it, would have another result.
   */
  #mayLeave({ record: { userId, seq } }: Leaving, checkpointSeq: number): boolean {
    const { claim, database } = this.#parts;
    return seq <= checkpointSeq && !database.isPending(claim.partition, userId);
  }
}
