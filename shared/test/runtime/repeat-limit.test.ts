import { expect, it } from "vitest";
import { createRepeatLimit } from "../../src/runtime/repeat-limit.ts";

const RULES = { most: 3, perMs: 60_000 };

it("the first lines of a text pass, then none until its time is over; the next one says how many were withheld", () => {
  const limit = createRepeatLimit(RULES);
  const passed = [0, 1, 2, 3, 4].map((now) => limit.pass("away", now).isPassed);
  expect(passed).toEqual([true, true, true, false, false]);
  expect(limit.pass("another", 5)).toEqual({ isPassed: true, withheld: 0 });
  expect(limit.pass("away", 60_000)).toEqual({ isPassed: true, withheld: 2 });
  expect(limit.pass("away", 60_001)).toEqual({ isPassed: true, withheld: 0 });
});

it("what is withheld is reported, once, also when nothing follows", () => {
  const limit = createRepeatLimit(RULES);
  for (let now = 0; now < 10; now++) limit.pass("away", now);
  expect(limit.takeWithheld(59_999)).toEqual([]);
  expect(limit.takeWithheld(60_000)).toEqual([{ line: "away", withheld: 7 }]);
  expect(limit.takeWithheld(200_000)).toEqual([]);
});

it("a fault that lasts for an hour leaves a few lines a minute", () => {
  const limit = createRepeatLimit(RULES);
  let passed = 0;
  for (let now = 0; now < 3_600_000; now += 100) if (limit.pass("away", now).isPassed) passed++;
  expect(passed).toBe(3 * 60);
});
