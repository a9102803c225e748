import { expect, it } from "vitest";
import { isServing, type ServingSigns } from "../../src/core/serving.ts";

const at = (given: Partial<ServingSigns> = {}) =>
  isServing({
    ...{
      now: 100_000,
      leaseMs: 2_000,
      isCaughtUp: true,
      runsSince: 0,
      receivedUpTo: 0,
      areSweepersRunning: true,
    },
    applied: { at: 99_800, ageMs: 5 },
    ...given,
  });

it("a partition is processed while messages of the moment are applied", () => {
  expect(at()).toBe(true);
});

it("it is not before its log has been read to the end", () => {
  expect(at({ isCaughtUp: false })).toBe(false);
});

it("it is not while what is applied is older than a lease", () => {
  expect(at({ applied: { at: 99_800, ageMs: 2_500 } })).toBe(false);
});

it("it is not without a message for two leases, if sweepers write", () => {
  expect(at({ applied: { at: 95_000, ageMs: 5 } })).toBe(false);
});

it("it is, however long nothing comes, where no sweeper writes", () => {
  expect(at({ applied: { at: 95_000, ageMs: 5 }, areSweepersRunning: false })).toBe(true);
  expect(at({ applied: undefined, areSweepersRunning: false })).toBe(true);
});

it("after the process stood still it is not until a message of the moment is applied", () => {
  const runsSince = 99_900;
  expect(at({ runsSince })).toBe(false);
  expect(at({ runsSince, applied: { at: 99_950, ageMs: 40_000 } })).toBe(false);
  expect(at({ runsSince, applied: { at: 99_950, ageMs: 100 } })).toBe(true);
});

it("nor is it then, unless all that had been sent has arrived and was applied", () => {
  const runsSince = 99_820;
  expect(at({ runsSince, receivedUpTo: 99_810 })).toBe(false);
  expect(at({ runsSince, receivedUpTo: 99_821 })).toBe(true);
  const old = { at: 99_830, ageMs: 40_000 };
  expect(at({ runsSince, applied: old, receivedUpTo: 99_825 })).toBe(false);
  expect(at({ runsSince, applied: old, receivedUpTo: 99_831 })).toBe(true);
  expect(at({ runsSince, applied: { ...old, at: 99_900 }, receivedUpTo: 99_901 })).toBe(false);
});
