import { isCanaryId } from "@meeshy/shared/ids";
import { emptyRecord, nextDeadline, type UserRecord } from "./record.ts";
import { createWheel, type TimerNode } from "./wheel.ts";

/**
 * Stream sequences of the last status and the last record that the broker has of a user; 0: none known. The host's,
 * who alone reads and changes them: tables of users of its own would take twice their room.
 */
export interface Written {
  statusSeq: number;
  recordSeq: number;
}

/** A user's record, and when the partition looks at it next. */
export interface UserEntry extends TimerNode<UserEntry>, Written {
  record: UserRecord;
}

/** A partition's records by user, with their deadlines on a wheel and the counts that follow from them. */
export class UserTable {
  readonly #entries = new Map<string, UserEntry>();
  readonly #wheel = createWheel<UserEntry>();
  /** where dates lie in partition time, ms */
  readonly #dates: () => number;
  #online = 0;
  #active = 0;

  constructor(dates: () => number) {
    this.#dates = dates;
  }

  get(userId: string): UserEntry | undefined {
    return this.#entries.get(userId);
  }

  recordOf(userId: string): UserRecord {
    return this.#entries.get(userId)?.record ?? emptyRecord(userId);
  }

  entries(): IterableIterator<UserEntry> {
    return this.#entries.values();
  }

  keep(record: UserRecord): void {
    const known = this.#entries.get(record.userId);
    this.#count(known?.record, -1);
    this.#count(record, 1);
    const entry = known ?? { record, slot: null, previous: null, next: null, statusSeq: 0, recordSeq: 0 };
    if (known) known.record = record;
    else this.#entries.set(record.userId, entry);
    this.schedule(entry);
  }

  /** Has the user looked at when the record's next deadline comes. */
  schedule(entry: UserEntry): void {
    const deadline = this.deadlineOf(entry);
    if (deadline !== null) this.#wheel.schedule(entry, deadline);
  }

  deadlineOf({ record }: UserEntry): number | null {
    return nextDeadline(record, this.#dates());
  }

  /** Takes out those whose deadline may have come: candidates, to be scheduled again. */
  takeDue(now: number): UserEntry[] {
    return this.#wheel.take(now);
  }

  drop(userId: string): void {
    const entry = this.#entries.get(userId);
    if (entry === undefined) return;
    this.#count(entry.record, -1);
    this.#wheel.forget(entry);
    this.#entries.delete(userId);
  }

  counts(): { users: number; online: number; active: number } {
    return { users: this.#entries.size, online: this.#online, active: this.#active };
  }

  #count(record: UserRecord | undefined, by: 1 | -1): void {
    if (record === undefined || isCanaryId(record.userId)) return;
    if (record.shown?.isOnline) this.#online += by;
    if (record.state === "online") this.#active += by;
  }
}
