import { expect, test } from "vitest";
import { backOff } from "../../src/runtime/back-off.ts";

test("the pause before a restart doubles from 0.1 s with each short life, up to 10 s", () => {
  expect([1, 2, 3, 4].map(backOff)).toEqual([100, 200, 400, 800]);
  expect(backOff(100)).toBe(10_000);
});
