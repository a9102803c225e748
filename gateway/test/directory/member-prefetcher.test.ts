import { createLogger } from "@meeshy/shared/runtime/logger";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createMemberPrefetcher } from "../../src/directory/member-prefetcher.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function prefetcher(answer: (ids: readonly string[]) => Promise<void>) {
  const asked: string[][] = [];
  const prefetchMembers = (ids: readonly string[]) => {
    asked.push([...ids]);
    return answer(ids);
  };
  return { asked, ...createMemberPrefetcher({ prefetchMembers }, createLogger("test", "silent")) };
}
const rooms = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `room${from + n}`);

it("reads soon, many conversations in one question, one question at a time, and each conversation once", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { asked, prefetch } = prefetcher(() => promise);
  prefetch(rooms(0, 10));
  prefetch(rooms(5, 25));
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([rooms(0, 20)]);
  prefetch(rooms(20, 26));
  resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([rooms(0, 20), rooms(20, 26)]);
});

it("tries again where the directory was away, although no one connects any more", async () => {
  let isAway = true;
  const { asked, prefetch } = prefetcher(() =>
    isAway ? Promise.reject(new Error("away")) : Promise.resolve(),
  );
  prefetch(["room0"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked.length).toBeGreaterThan(2);
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  const { length } = asked;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(length);
});

it("reads the others where a conversation fails each time", async () => {
  const read = new Set<string>();
  const { prefetch } = prefetcher(async (ids) => {
    if (ids.includes("room0")) throw new Error("this one fails");
    for (const id of ids) read.add(id);
  });
  prefetch(rooms(0, 60));
  await vi.advanceTimersByTimeAsync(5_000);
  expect([...read]).toEqual(expect.arrayContaining(rooms(20, 60)));
});

it("reads nothing after the end", async () => {
  const { asked, prefetch, stop } = prefetcher(() => Promise.reject(new Error("away")));
  prefetch(["room0"]);
  await vi.advanceTimersByTimeAsync(100);
  stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(1);
});
