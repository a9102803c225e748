import { expect, test } from "vitest";
import { createTrimmer } from "../../src/core/trim.ts";

const KEPT = 600_000;

test("the log goes below the lowest checkpoint, as it was when it is old enough", () => {
  const trimmer = createTrimmer(KEPT);
  expect(trimmer.look({ now: 0, checkpoints: [50, 40, 60] })).toBeUndefined();
  expect(trimmer.look({ now: 120_000, checkpoints: [70, 55, 80] })).toBeUndefined();
  expect(trimmer.look({ now: KEPT, checkpoints: [500, 600, 700] })).toBe(40);
  expect(trimmer.look({ now: KEPT + 60_000, checkpoints: [500, 600, 700] })).toBeUndefined();
  expect(trimmer.look({ now: KEPT + 120_000, checkpoints: [500, 600, 700] })).toBe(55);
});

test("a partition that stands still holds all of it", () => {
  const trimmer = createTrimmer(KEPT);
  const looks = [0, 1, 2, 3, 4].map((n) => trimmer.look({ now: n * KEPT, checkpoints: [7, n * 1_000 + 7] }));
  expect(looks).toEqual([undefined, 7, undefined, undefined, undefined]);
});

test("nothing goes on what was noted before a look that did not show every checkpoint", () => {
  const trimmer = createTrimmer(KEPT);
  trimmer.look({ now: 0, checkpoints: [40] });
  expect(trimmer.look({ now: KEPT, checkpoints: null })).toBeUndefined();
  expect(trimmer.look({ now: KEPT + 1, checkpoints: [90] })).toBeUndefined();
  expect(trimmer.look({ now: 2 * KEPT + 1, checkpoints: [95] })).toBe(90);
});

test("checkpoints that go back are of another log: the marks of the former do not apply", () => {
  const trimmer = createTrimmer(KEPT);
  trimmer.look({ now: 0, checkpoints: [40_000] });
  expect(trimmer.look({ now: KEPT, checkpoints: [12] })).toBeUndefined();
  expect(trimmer.look({ now: 2 * KEPT, checkpoints: [20] })).toBeUndefined();
  expect(trimmer.look({ now: 3 * KEPT, checkpoints: [30] })).toBe(20);
});
