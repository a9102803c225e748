import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { PARTITIONS } from "@meeshy/shared/subjects";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createRoundTimer } from "../../src/host/round-timer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("every partition has its turn once in half a second, eight of them together", () => {
  const timer = createRoundTimer(systemClock);
  const begun: { partition: number; at: number }[] = [];
  const start = performance.now();
  for (let p = 0; p < PARTITIONS; p++) {
    timer.join(p, () => begun.push({ partition: p, at: performance.now() - start }));
  }
  vi.advanceTimersByTime(500);
  timer.stop();
  expect(begun.map(({ partition }) => partition).sort((a, b) => a - b)).toEqual(
    Array.from({ length: PARTITIONS }, (_, p) => p),
  );
  expect(new Set(begun.map(({ at }) => at)).size).toBe(8);
});

it("a partition that was given up has no more turns", () => {
  const timer = createRoundTimer(systemClock);
  const begin = vi.fn();
  const leave = timer.join(3, begin);
  vi.advanceTimersByTime(1_000);
  leave();
  vi.advanceTimersByTime(1_000);
  timer.stop();
  expect(begin).toHaveBeenCalledTimes(2);
});
