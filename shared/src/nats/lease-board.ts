import type { Bus } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { BUCKET_LEASES } from "../subjects.ts";
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
}

/**
 * Everyone's heartbeats and leases as this process sees them. Silence is measured by the watcher's own
 * monotonic clock from one change to the next; no wall clock is compared.
 */
export interface LeaseBoard {
  get(key: string): LeaseEntry | undefined;
  /** the entries whose key starts with `prefix` */
  list(prefix: string): LeaseEntry[];
  /** Compare-and-set; gives the new revision. Rejects with a conflict when another wrote meanwhile. */
  put(key: string, value: unknown, expected: number): Promise<number>;
  remove(key: string, expected: number): Promise<void>;
  onChange(listener: (key: string) => void): () => void;
  /** Resolves when the present state has been read. */
  ready: Promise<void>;
  close(): Promise<void>;
}

const PREFIX_LENGTH = keySubject(BUCKET_LEASES, "").length;

export function createLeaseBoard(bus: Bus, logger: Logger): LeaseBoard {
  const entries = new Map<string, LeaseEntry>();
  /** keys that have not been seen again since everything is being read anew */
  const unconfirmed = new Set<string>();
  const listeners = new Set<(key: string) => void>();
  let markReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });

  const tell = (key: string) => {
    for (const listener of listeners) listener(key);
  };

  const following = follow(bus, {
    stream: bucketStream(BUCKET_LEASES),
    filter: keySubject(BUCKET_LEASES, ">"),
    from: "last-values",
    logger,
    onCaughtUp() {
      for (const key of unconfirmed) if (entries.delete(key)) tell(key);
      unconfirmed.clear();
      markReady();
    },
    onReread() {
      for (const key of entries.keys()) unconfirmed.add(key);
    },
    onMessage(message) {
      const key = message.subject.slice(PREFIX_LENGTH);
      const value = message.deleted ? undefined : fromBytesOrNone(message.data);
      const known = entries.get(key);
      unconfirmed.delete(key);
      // Read again, it is no sign of life.
      if (known?.revision === message.seq && JSON.stringify(known.value) === JSON.stringify(value)) return;
      if (message.deleted) entries.delete(key);
      else entries.set(key, { key, value, revision: message.seq, changedAt: bus.clock.now() });
      tell(key);
    },
  });

  return {
    get: (key) => entries.get(key),
    list: (prefix) => [...entries.values()].filter((entry) => entry.key.startsWith(prefix)),
    put: async (key, value, expected) =>
      (await compareAndSet(bus, keySubject(BUCKET_LEASES, key), toBytes(value), expected)).seq,
    async remove(key, expected) {
      await compareAndDelete(bus, keySubject(BUCKET_LEASES, key), expected);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ready,
    close: () => following.stop(),
  };
}
