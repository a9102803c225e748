import { expect, test } from "vitest";
import type { Clock } from "../src/ports/clock.ts";
import { within } from "../src/within.ts";

/** A clock whose timers run when they are called. */
function handClock() {
  const timers = new Set<() => void>();
  const after = (_: number, run: () => void) => {
    timers.add(run);
    return { cancel: () => void timers.delete(run) };
  };
  return { timers, clock: { after } as Partial<Clock> as Clock };
}

test("work that ends in time gives its outcome, and leaves no timer", async () => {
  const { timers, clock } = handClock();
  await expect(within(Promise.resolve(7), 100, clock)).resolves.toBe(7);
  await expect(within(Promise.reject(new Error("failed")), 100, clock)).rejects.toThrow("failed");
  expect(timers.size).toBe(0);
});

test("work that does not is given up", async () => {
  const { timers, clock } = handClock();
  const outcome = within(new Promise(() => {}), 100, clock);
  for (const run of timers) run();
  await expect(outcome).rejects.toThrow("no outcome within 100 ms");
});
