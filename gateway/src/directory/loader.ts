import { PresenceError } from "@meeshy/shared/codes";
import { LRUCache } from "lru-cache";
import { within } from "./within.ts";

/**
 * A bounded cache in front of something that may be slow or away: one load in flight per key, a deadline
 * for each load, and what is known, however old, when a load fails. Absence is not remembered.
 */
export interface Loader<V extends object> {
  /** The value, at most `maxAgeMs` old unless the source is away. Rejects with `unavailable` when nothing is known. */
  get(key: string, maxAgeMs?: number): Promise<V | undefined>;
  /** Keys without a value are absent from the answer; rejects as `get` does. */
  getMany(keys: readonly string[], maxAgeMs?: number): Promise<Map<string, V>>;
  /** As `getMany`, but nothing older counts: rejects with `unavailable` when the source is away. */
  getFresh(keys: readonly string[], maxAgeMs: number): Promise<Map<string, V>>;
  /** Takes the answer to a question that was asked elsewhere, deadline included, as if this cache had asked; not while it asks itself. */
  expect(key: string, answer: Promise<V | undefined>): void;
  /** Takes what was read elsewhere just now; not while this cache asks itself. */
  learn(key: string, value: V): void;
  /** Whether {@link get} would have to ask. */
  needs(key: string, maxAgeMs?: number): boolean;
  /** What is known now, whatever its age; an old value is renewed behind the caller's back. */
  peek(key: string): V | undefined;
  forget(key: string): void;
}

export interface LoaderOptions<V> {
  load: (keys: readonly string[]) => Promise<Map<string, V>>;
  max: number;
  ttlMs: number;
  deadlineMs: number;
}

interface Known<V> {
  value: V;
  /** monotonic ms */
  loadedAt: number;
}

export function createLoader<V extends object>(options: LoaderOptions<V>): Loader<V> {
  const { load, ttlMs, deadlineMs } = options;
  const known = new LRUCache<string, Known<V>>({ max: options.max });
  const inFlight = new Map<string, Promise<V | undefined>>();

  const expect = (key: string, answer: Promise<V | undefined>): void => {
    const mine: Promise<V | undefined> = answer.then(
      (value) => {
        // Forgotten meanwhile: this answer may be older than what made it so.
        if (inFlight.get(key) !== mine) return value;
        inFlight.delete(key);
        if (value === undefined) known.delete(key);
        else learn(key, value);
        return value;
      },
      (cause) => {
        if (inFlight.get(key) === mine) inFlight.delete(key);
        throw new PresenceError("unavailable", "The directory cannot be read now.", { cause });
      },
    );
    inFlight.set(key, mine);
    mine.catch(() => {});
  };

  const learn = (key: string, value: V) => void known.set(key, { value, loadedAt: performance.now() });

  const start = (keys: readonly string[]): void => {
    const answer = within(load(keys), deadlineMs);
    for (const key of keys)
      expect(
        key,
        answer.then((values) => values.get(key)),
      );
  };

  const isOld = (entry: Known<V>, maxAgeMs: number) => performance.now() - entry.loadedAt > maxAgeMs;

  /** What was known before the source was away. */
  const orKnown = async (key: string, answer: Promise<V | undefined> | undefined): Promise<V | undefined> => {
    try {
      return await answer;
    } catch (error) {
      const old = known.get(key);
      if (old) return old.value;
      throw error;
    }
  };

  const read = async (
    keys: readonly string[],
    maxAgeMs: number,
    settle: typeof orKnown,
  ): Promise<Map<string, V>> => {
    const found = new Map<string, V>();
    const needed: string[] = [];
    for (const key of new Set(keys)) {
      const entry = known.get(key);
      if (entry && !isOld(entry, maxAgeMs)) found.set(key, entry.value);
      else needed.push(key);
    }
    if (needed.length === 0) return found;
    const unasked = needed.filter((key) => !inFlight.has(key));
    if (unasked.length > 0) start(unasked);
    await Promise.all(
      needed.map(async (key) => {
        const value = await settle(key, inFlight.get(key));
        if (value !== undefined) found.set(key, value);
      }),
    );
    return found;
  };

  return {
    async get(key, maxAgeMs = ttlMs) {
      const entry = known.get(key);
      if (entry && !isOld(entry, maxAgeMs)) return entry.value;
      if (!inFlight.has(key)) start([key]);
      return orKnown(key, inFlight.get(key));
    },
    getMany: (keys, maxAgeMs = ttlMs) => read(keys, maxAgeMs, orKnown),
    getFresh: (keys, maxAgeMs) => read(keys, maxAgeMs, async (_key, answer) => answer),
    expect(key, answer) {
      // Asked already: this one is not needed, and may fail.
      if (inFlight.has(key)) answer.catch(() => {});
      else expect(key, answer);
    },
    learn(key, value) {
      if (!inFlight.has(key)) learn(key, value);
    },
    needs(key, maxAgeMs = ttlMs) {
      const entry = known.peek(key);
      return !inFlight.has(key) && (!entry || isOld(entry, maxAgeMs));
    },
    peek(key) {
      const entry = known.get(key);
      if (entry && isOld(entry, ttlMs) && !inFlight.has(key)) start([key]);
      return entry?.value;
    },
    forget(key) {
      known.delete(key);
      inFlight.delete(key);
    },
  };
}

/** For sources that are asked for one key at a time. */
export const oneByOne =
  <V>(load: (key: string) => Promise<V | undefined>) =>
  async (keys: readonly string[]): Promise<Map<string, V>> => {
    const found = new Map<string, V>();
    await Promise.all(
      keys.map(async (key) => {
        const value = await load(key);
        if (value !== undefined) found.set(key, value);
      }),
    );
    return found;
  };
