import { type Bus, isConflict, type LastValue, type PubAck } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { BUCKET_LEASES } from "../subjects.ts";
import { BrokerClock } from "./broker-clock.ts";
import { follow } from "./follow.ts";
import { compareAndDelete, compareAndSet, fromBytesOrNone, toBytes } from "./last-value.ts";
import { bucketStream, keySubject } from "./streams.ts";

export interface LeaseEntry {
  key: string;
  /** `undefined`: what stands there is not JSON */
  value: unknown;
  revision: number;
  /** when this process saw the entry change, by its own monotonic clock */
  changedAt: number;
  /** when it was written, by the broker's clock, ms since 1970 */
  writtenAt: number;
}

/**
 * All processes' heartbeats and leases as this one sees them. Silence is measured by the watcher's own
 * monotonic clock from one change to the next; no wall clock is compared.
 */
export interface LeaseBoard {
  /** `undefined`: the key was never written, or is removed. */
  get(key: string): LeaseEntry | undefined;
  /** the entries whose key starts with `prefix` */
  list(prefix: string): LeaseEntry[];
  /**
   * Compare-and-set (`expected` 0: there is none); gives the new revision. Where `expected` is the revision that this
   * board shows, what it shows is compared: the replica that it is read from may have another revision for the same.
   * @throws {PublishRefused} a conflict (`isConflict`): another wrote meanwhile, or an own write was stored
   *   after all
   * @throws {AckLost} it may be stored; `onLate` gets the revision if the acknowledgement comes after all
   */
  put(key: string, value: unknown, expected: number, onLate?: (revision: number) => void): Promise<number>;
  /**
   * Leaves a delete marker in the key's place, by compare-and-set.
   * @throws {PublishRefused} as {@link LeaseBoard.put}
   * @throws {AckLost} it may be removed
   */
  remove(key: string, expected: number): Promise<void>;
  /** Calls back with each key that was written or removed; returns the function that ends it. */
  onChange(listener: (key: string) => void): () => void;
  /**
   * When the bucket that the entries are of was created, as the broker says it; `undefined` while it is not read to its
   * end. A revision says nothing of a bucket that was created at another time: the same may stand there.
   */
  bucket(): string | undefined;
  /** The broker's time, ms since 1970, by the last heartbeats seen; `undefined` before the first. */
  brokerTime(): number | undefined;
  /** Resolves when the present state has been read; waits for ever, and never rejects. */
  ready: Promise<void>;
  close(): Promise<void>;
}

const STREAM = bucketStream(BUCKET_LEASES);
const PREFIX_LENGTH = keySubject(BUCKET_LEASES, "").length;

/**
 * Begins to follow the bucket at once. A bucket that was made anew is read anew: keys that it does not hold
 * go.
 */
export function createLeaseBoard(bus: Bus, logger: Logger): LeaseBoard {
  const entries = new Map<string, LeaseEntry>();
  /** keys that have not been seen again since everything is being read anew */
  const unconfirmed = new Set<string>();
  const listeners = new Set<(key: string) => void>();
  const brokerClock = new BrokerClock();
  let bucket: string | undefined;
  let markReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });

  const notify = (key: string) => {
    for (const listener of listeners) listener(key);
  };

  const following = follow(bus, {
    stream: STREAM,
    filter: keySubject(BUCKET_LEASES, ">"),
    from: "last-values",
    logger,
    onCaughtUp() {
      for (const key of unconfirmed) if (entries.delete(key)) notify(key);
      unconfirmed.clear();
      bucket = following.createdAt();
      markReady();
    },
    onReread() {
      bucket = undefined;
      for (const key of entries.keys()) unconfirmed.add(key);
    },
    onMessage(message) {
      const key = message.subject.slice(PREFIX_LENGTH);
      brokerClock.note(message.time, bus.clock.now(), bucket !== undefined);
      const value = message.deleted ? undefined : fromBytesOrNone(message.data);
      const known = entries.get(key);
      unconfirmed.delete(key);
      // Read again, it is no sign of life.
      if (known?.revision === message.seq && JSON.stringify(known.value) === JSON.stringify(value)) return;
      if (message.deleted) entries.delete(key);
      else
        entries.set(key, {
          key,
          value,
          revision: message.seq,
          changedAt: bus.clock.now(),
          writtenAt: message.time,
        });
      notify(key);
    },
  });

  /**
   * Tries once more where only the numbers differ: nats-server 2.9.10 can store some messages of an election twice on
   * one replica and not on the others, whose revisions differ from then on.
   */
  const compareAndWrite = async (
    key: string,
    expected: number,
    write: (expected: number) => Promise<PubAck>,
  ): Promise<PubAck> => {
    try {
      return await write(expected);
    } catch (error) {
      const shown = entries.get(key);
      if (!isConflict(error) || (shown?.revision ?? 0) !== expected) throw error;
      const last = await bus.lastValue(STREAM, keySubject(BUCKET_LEASES, key), "leader");
      if (last === undefined || !isSame(shown, last)) throw error;
      return write(last.seq);
    }
  };

  return {
    get: (key) => entries.get(key),
    list: (prefix) => [...entries.values()].filter((entry) => entry.key.startsWith(prefix)),
    async put(key, value, expected, onLate) {
      const late = onLate && { onLate: ({ seq }: PubAck) => onLate(seq) };
      const subject = keySubject(BUCKET_LEASES, key);
      const data = toBytes(value);
      return (await compareAndWrite(key, expected, (seq) => compareAndSet(bus, subject, data, seq, late)))
        .seq;
    },
    async remove(key, expected) {
      const subject = keySubject(BUCKET_LEASES, key);
      await compareAndWrite(key, expected, (seq) => compareAndDelete(bus, subject, seq));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    bucket: () => bucket,
    brokerTime: () => brokerClock.at(bus.clock.now()),
    ready,
    close: () => following.stop(),
  };
}

/** Whether the stored value, or delete marker, is what the entry shows. */
function isSame(shown: LeaseEntry | undefined, { deleted, data }: LastValue): boolean {
  if (shown === undefined || deleted) return shown === undefined && deleted;
  return JSON.stringify(fromBytesOrNone(data)) === JSON.stringify(shown.value);
}
