import { describe, expect, test } from "vitest";
import { createBoundedCache } from "../src/bounded-cache.ts";

test("holds as many entries as it may, and lets the least recently used go", () => {
  const cache = createBoundedCache<number>({ max: 3 });
  for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) cache.set(key, value);
  cache.get("a");
  cache.set("c", 30);
  cache.set("d", 4);
  expect(Object.fromEntries(cache.entries())).toEqual({ a: 1, c: 30, d: 4 });
  for (let n = 0; n < 10_000; n++) cache.set(`other-${n % 100}`, n);
  expect(cache.size).toBe(3);
  cache.delete("other-99");
  expect(cache.size).toBe(2);
});

test("who loads more than it may hold receives all, and it holds no more than it may", async () => {
  const answers: (() => void)[] = [];
  const cache = createBoundedCache<{ key: string }>({
    max: 2,
    ignoreFetchAbort: true,
    fetchMethod: (key) => new Promise((resolve) => answers.push(() => resolve({ key }))),
  });
  const loads = ["a", "b", "c", "d"].map((key) => cache.fetch(key));
  expect(answers).toHaveLength(4);
  for (const answer of answers) answer();
  expect(await Promise.all(loads)).toEqual([{ key: "a" }, { key: "b" }, { key: "c" }, { key: "d" }]);
  expect([...cache.keys()].length).toBeLessThanOrEqual(2);
  const again = cache.fetch("a", { forceRefresh: true });
  answers.at(-1)?.();
  expect(await again).toEqual({ key: "a" });
  expect(cache.peek("a")).toEqual({ key: "a" });
});

describe("a full cache whose entry is read anew", () => {
  type Value = { text: string };
  const reads: PromiseWithResolvers<Value>[] = [];
  const full = () => {
    reads.length = 0;
    const cache = createBoundedCache<Value>({
      max: 2,
      ignoreFetchAbort: true,
      noDeleteOnFetchRejection: true,
      fetchMethod() {
        const read = Promise.withResolvers<Value>();
        reads.push(read);
        return read.promise;
      },
    });
    for (const key of ["a", "b"]) cache.set(key, { text: `old ${key}` });
    const answer = cache.fetch("a", { forceRefresh: true });
    return { cache, answer, read: reads[0] as PromiseWithResolvers<Value> };
  };

  test("holds the old value meanwhile, and the new one afterwards", async () => {
    const { cache, answer, read } = full();
    expect(cache.get("a")).toEqual({ text: "old a" });
    read.resolve({ text: "new a" });
    expect(await answer).toEqual({ text: "new a" });
    expect(cache.get("a")).toEqual({ text: "new a" });
    expect([cache.get("b"), cache.size]).toEqual([{ text: "old b" }, 2]);
  });

  test("holds the old value when the reading fails", async () => {
    const { cache, answer, read } = full();
    read.reject(new Error("away"));
    await expect(answer).rejects.toThrow("away");
    expect([cache.get("a"), cache.get("b"), cache.size]).toEqual([{ text: "old a" }, { text: "old b" }, 2]);
  });

  test("does not hold what was forgotten meanwhile", async () => {
    const { cache, answer, read } = full();
    cache.delete("a");
    read.resolve({ text: "new a" });
    await answer;
    expect([cache.get("a"), cache.size]).toEqual([undefined, 1]);
  });

  test("holds what was set meanwhile", async () => {
    const { cache, answer, read } = full();
    cache.set("a", { text: "set a" });
    read.resolve({ text: "new a" });
    await answer;
    expect([cache.get("a"), cache.get("b"), cache.size]).toEqual([{ text: "set a" }, { text: "old b" }, 2]);
  });
});

test("an entry ends after its time to live", () => {
  let now = 1_000;
  const cache = createBoundedCache<true>({ max: 2, ttl: 100, perf: { now: () => now }, ttlResolution: 0 });
  cache.set("a", true);
  now += 99;
  expect(cache.has("a")).toBe(true);
  now += 2;
  expect(cache.has("a")).toBe(false);
});

test("an empty cache takes no memory for what it may hold", () => {
  const before = process.memoryUsage();
  const caches = Array.from({ length: 20 }, () => createBoundedCache<number>({ max: 1_000_000 }));
  const after = process.memoryUsage();
  expect(caches).toHaveLength(20);
  // Reserved at once it would be 320 MB.
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  expect(grown).toBeLessThan(20_000_000);
});
