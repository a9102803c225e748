import { createLogger } from "@meeshy/shared/runtime/logger";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createAcquaintance } from "../../src/directory/acquaintance.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function acquaintance(answer: (ids: readonly string[]) => Promise<void>) {
  const asked: string[][] = [];
  const getToKnow = (ids: readonly string[]) => {
    asked.push([...ids]);
    return answer(ids);
  };
  return { asked, ...createAcquaintance({ getToKnow }, createLogger("test", "silent")) };
}
const rooms = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `room${from + n}`);

it("is made soon, with many conversations in one question and one question at a time, and once with each", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { asked, make } = acquaintance(() => promise);
  make(rooms(0, 10));
  make(rooms(5, 25));
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([rooms(0, 20)]);
  make(rooms(20, 26));
  resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([rooms(0, 20), rooms(20, 26)]);
});

it("is tried again where nobody could be asked, although nobody connects any more", async () => {
  let isAway = true;
  const { asked, make } = acquaintance(() =>
    isAway ? Promise.reject(new Error("away")) : Promise.resolve(),
  );
  make(["room0"]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked.length).toBeGreaterThan(2);
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  const { length } = asked;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(length);
});

it("is not made any more after the end", async () => {
  const { asked, make, stop } = acquaintance(() => Promise.reject(new Error("away")));
  make(["room0"]);
  await vi.advanceTimersByTimeAsync(100);
  stop();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(1);
});
