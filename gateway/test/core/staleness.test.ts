import { expect, it } from "vitest";
import { findStaleness, type Signals } from "../../src/core/staleness.ts";

const PATIENCE = { unacknowledgedMs: 6_000, unservedMs: 4_000 };
const find = (given: Partial<Signals>) =>
  [
    ...findStaleness(
      { now: 100_000, linkUpSince: 0, waitingSince: undefined, feedStaleMs: null, unservedMs: 0, ...given },
      PATIENCE,
    ),
  ].map(([reason, ms]) => `${reason} ${ms}`);

it("nothing is wrong while writes are acknowledged, statuses arrive and events are processed", () => {
  expect(find({})).toEqual([]);
  expect(find({ waitingSince: 94_000, unservedMs: 4_000 })).toEqual([]);
});

it("a write that waits for longer than a lease shows that nothing can be stored", () => {
  expect(find({ waitingSince: 93_000 })).toEqual(["storage 7000"]);
});

it("what waited while the link was down has a lease from its return", () => {
  expect(find({ waitingSince: 50_000, linkUpSince: 95_000 })).toEqual([]);
  expect(find({ waitingSince: 50_000, linkUpSince: 93_000 })).toEqual(["storage 50000"]);
});

it("a partition that is not processed counts once no takeover makes up for it", () => {
  expect(find({ unservedMs: 4_200 })).toEqual(["not-processing 4200"]);
});

it("without the link only that is known", () => {
  expect(find({ linkUpSince: null, waitingSince: 0, unservedMs: 9_000, feedStaleMs: 1_000 })).toEqual([
    "feed 1000",
  ]);
});

it("of several reasons storage comes first, which explains the others", () => {
  expect(find({ waitingSince: 90_000, feedStaleMs: 3_000, unservedMs: 5_000 })).toEqual([
    "storage 10000",
    "feed 3000",
    "not-processing 5000",
  ]);
});
