import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import { PresenceError } from "@meeshy/shared/codes";

/**
 * A bounded cache in front of something that may be slow or away: one load in flight per key, and what is known,
 * however old, when a load fails. It is lru-cache's `fetch`, with the age that each caller
 * accepts: 1 s for stored presence, 2 s for an account, 30 s for the rest.
 */
export interface Loader<V extends object> {
  /**
   * The value, at most `maxAgeMs` old unless the source is away. `load` asks in place of the loader's own.
   * @throws {PresenceError} `unavailable` when nothing is known
   */
  get(key: string, maxAgeMs?: number, load?: Load<V>): Promise<V | undefined>;
  /** Keys without a value are absent from the answer; rejects as `get` does. */
  getMany(keys: readonly string[], maxAgeMs?: number): Promise<Map<string, V>>;
  /**
   * As `getMany`, and the absence of a value counts as long as a value: what is asked again and again takes the same time
   * whether there is such a thing or not. Not for what has to be right at once.
   */
  lookUp(keys: readonly string[]): Promise<Map<string, V>>;
  /** As `getMany`, but nothing older counts: rejects with `unavailable` when the source is away. */
  getFresh(keys: readonly string[], maxAgeMs: number): Promise<Map<string, V>>;
  /** Takes what was read elsewhere just now. */
  prime(key: string, value: V): void;
  /** What is known now, whatever its age; an old value is renewed in the background. */
  peek(key: string): V | undefined;
  /** Answers that are under way reach those who asked, and are not kept. */
  forget(key: string): void;
}

export type Load<V> = (key: string) => Promise<V | undefined>;

export interface LoaderOptions<V> {
  load: Load<V>;
  max: number;
  ttlMs: number;
  /** how long the absence of a value counts in `get`; default: not at all */
  absentMs?: number;
}

interface Entry<V> {
  /** undefined: absent */
  value: V | undefined;
  /** monotonic ms */
  loadedAt: number;
}

export function createLoader<V extends object>(options: LoaderOptions<V>): Loader<V> {
  const { load: ownLoad, max, ttlMs, absentMs = 0 } = options;
  /** by key, since when it is known that there is no value; apart, so that what is not there displaces nothing */
  const absent = createBoundedCache<number>({ max });
  const entryOf = (value: V | undefined): Entry<V> => ({ value, loadedAt: performance.now() });
  const cache = createBoundedCache<Entry<V>, Load<V>>({
    max,
    fetchMethod: (key, _old, { context: load }) => load(key).then(entryOf),
    ignoreFetchAbort: true,
    noDeleteOnFetchRejection: true,
  });

  /** What is cached, unless it is too old. */
  const freshOf = (key: string, maxAgeMs: number): V | undefined => {
    const entry = cache.get(key);
    return entry && performance.now() - entry.loadedAt <= maxAgeMs ? entry.value : undefined;
  };

  const fetch = async (key: string, load = ownLoad): Promise<V | undefined> => {
    try {
      const entry = await cache.fetch(key, { forceRefresh: true, context: load });
      if (entry && entry.value === undefined && cache.peek(key) === entry) {
        cache.delete(key);
        absent.set(key, entry.loadedAt);
      }
      return entry?.value;
    } catch (cause) {
      if (cause instanceof PresenceError) throw cause;
      throw new PresenceError("unavailable", "The directory is not available at the moment.", { cause });
    }
  };

  const isAbsent = (key: string, forMs: number): boolean => {
    const since = absent.get(key);
    return since !== undefined && performance.now() - since <= forMs;
  };

  const get: Loader<V>["get"] = async (key, maxAgeMs = ttlMs, load) => {
    if (absentMs > 0 && isAbsent(key, absentMs)) return undefined;
    try {
      return freshOf(key, maxAgeMs) ?? (await fetch(key, load));
    } catch (error) {
      const old = cache.get(key)?.value;
      if (old) return old;
      throw error;
    }
  };

  /** Nothing is awaited for what is known: 200 known keys take 40 µs of CPU, with a promise each 100. */
  const many = async (
    keys: readonly string[],
    { maxAgeMs, absentForMs }: { maxAgeMs: number; absentForMs: number },
    read: (key: string) => Promise<V | undefined>,
  ): Promise<Map<string, V>> => {
    const found = new Map<string, V>();
    const reads: Promise<unknown>[] = [];
    for (const key of new Set(keys)) {
      const known = freshOf(key, maxAgeMs);
      if (known !== undefined) found.set(key, known);
      else if (absentForMs === 0 || !isAbsent(key, absentForMs)) {
        reads.push(read(key).then((value) => value !== undefined && found.set(key, value)));
      }
    }
    await Promise.all(reads);
    return found;
  };

  return {
    get,
    getMany: (keys, maxAgeMs = ttlMs) =>
      many(keys, { maxAgeMs, absentForMs: absentMs }, (key) => get(key, maxAgeMs)),
    lookUp: (keys) => many(keys, { maxAgeMs: ttlMs, absentForMs: ttlMs }, (key) => get(key)),
    getFresh: (keys, maxAgeMs) => many(keys, { maxAgeMs, absentForMs: 0 }, (key) => fetch(key)),
    prime(key, value) {
      absent.delete(key);
      cache.set(key, entryOf(value));
    },
    peek(key) {
      const value = cache.get(key)?.value;
      if (value && !freshOf(key, ttlMs)) fetch(key).catch(() => {});
      return value;
    },
    forget(key) {
      absent.delete(key);
      cache.delete(key);
    },
  };
}
