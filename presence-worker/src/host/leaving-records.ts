import type { Clock } from "@meeshy/shared/ports/clock";
import type { Partition } from "../core/partition.ts";
import { isRetained, type UserRecord } from "../core/record.ts";
import type { DatabaseWriter } from "../io/database-writer.ts";
import type { RecordStore } from "../io/record-store.ts";
import type { Claim } from "./lease.ts";

/** A gateway may hold a stored row that is older than the record's last change: the record outlives it. */
const LINGER_MS = 2_000;

/** A written record that holds nothing more than the database will; `since`: monotonic ms. */
interface Leaving {
  record: UserRecord;
  since: number;
}

export interface LeavingParts {
  clock: Clock;
  claim: Claim;
  partition: Partition;
  records: RecordStore;
  database: DatabaseWriter;
}

/** Written records of users who are offline: they are removed once nothing needs them any more. */
export class LeavingRecords {
  readonly #parts: LeavingParts;
  readonly #leaving = new Map<string, Leaving>();

  constructor(parts: LeavingParts) {
    this.#parts = parts;
  }

  /** The record has just been written. */
  noteWritten(record: UserRecord): void {
    if (isRetained(record)) this.#leaving.delete(record.userId);
    else this.#leaving.set(record.userId, { record, since: this.#parts.clock.now() });
  }

  /** Those that may go, given the log sequence of the last checkpoint. */
  due(checkpointSeq: number): Leaving[] {
    return [...this.#leaving.values()].filter((one) => this.#mayLeave(one, checkpointSeq));
  }

  hasDue(checkpointSeq: number): boolean {
    return this.due(checkpointSeq).length > 0;
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
  #mayLeave({ record: { userId, seq }, since }: Leaving, checkpointSeq: number): boolean {
    const { clock, claim, database } = this.#parts;
    return (
      clock.now() - since > LINGER_MS && seq <= checkpointSeq && !database.isPending(claim.partition, userId)
    );
  }
}
