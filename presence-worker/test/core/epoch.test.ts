import { describe, expect, it } from "vitest";
import { decideEpoch, faultOf, faultOfStored } from "../../src/core/epoch.ts";

const log = { first: 1, last: 100 };
const streams = { statuses: "monday", records: "monday" };
const known = { epoch: 3, from: 10, streams };
const tuesday = { ...streams, records: "tuesday" };

describe("the epoch at start", () => {
  it.each([
    ["the very first log begins epoch 1 at its start", null, undefined, { epoch: 1, from: 0, streams }],
    ["a known epoch goes on", known, { epoch: 3, seq: 100 }, known],
    ["a known epoch goes on without the database's memory", known, undefined, known],
    [
      "a log shorter than the database remembers is another log",
      known,
      { epoch: 3, seq: 101 },
      { epoch: 4, from: 101, streams },
    ],
    [
      "leases that are gone mean a log that is gone",
      null,
      { epoch: 3, seq: 5 },
      { epoch: 4, from: 101, streams },
    ],
    [
      "leases from a backup are behind the database",
      known,
      { epoch: 5, seq: 5 },
      { epoch: 6, from: 101, streams },
    ],
    ["a database from a backup is behind the leases", known, { epoch: 2, seq: 900 }, known],
    [
      "an epoch that no service can have come to counts for nothing",
      known,
      { epoch: 2 ** 31 - 1, seq: 5 },
      known,
    ],
  ])("%s", (_, lease, remembered, expected) => {
    expect(decideEpoch(lease, remembered, log, streams).epoch).toEqual(expected);
  });

  it("is a new one where a stream is another than when the last one began", () => {
    expect(decideEpoch(known, undefined, log, tuesday)).toEqual({
      epoch: { epoch: 4, from: 101, streams: tuesday },
      raised: "records was made anew",
    });
  });

  it("is the known one where the creation times of its streams were not stored", () => {
    expect(decideEpoch({ epoch: 3, from: 10 }, undefined, log, tuesday).raised).toBeNull();
  });
});

describe("a state in the database", () => {
  it.each([
    ["of this epoch can be replaced", { epoch: 3, version: 100 }, null],
    ["of an earlier epoch can be replaced", { epoch: 2, version: 900 }, null],
    ["of a later epoch cannot", { epoch: 5, version: 1 }, "the database holds states of epoch 5"],
    [
      "of a place beyond the log cannot",
      { epoch: 3, version: 101 },
      "the log ends at 100, the database holds a state of 101",
    ],
    ["of an epoch that no service can have reached is ignored", { epoch: 2 ** 31 - 1, version: 1 }, null],
  ])("%s", (_, stored, fault) => {
    expect(faultOfStored(known, log, stored)).toBe(fault);
  });
});

describe("a reader's place in the log", () => {
  const same = { time: 7_000, found: 7_000, recorded: 0 };
  it.each([
    ["within", 50, null],
    ["at the very end", 100, null],
    ["before the first message ever", 0, null],
    ["past the end", 101, "the log ends at 100, 101 had been processed"],
  ])("%s", (_, seq, fault) => {
    expect(faultOf(seq, log, same)).toBe(fault);
  });

  it("is lost when what comes next has been removed", () => {
    expect(faultOf(50, { first: 52, last: 100 }, { time: 7_000, found: undefined, recorded: 0 })).toBe(
      "the log begins at 52, 51 is wanted",
    );
    expect(faultOf(50, { first: 51, last: 100 }, { time: 7_000, found: undefined, recorded: 0 })).toBeNull();
  });

  it("is lost when another message stands there, in a log that was restored and has grown again", () => {
    expect(faultOf(50, log, { time: 7_000, found: 9_000, recorded: 0 })).toBe(
      "another message stands at 50 than was processed",
    );
    expect(faultOf(50, log, { time: null, found: 9_000, recorded: 0 })).toBeNull();
  });

  it("is lost when a record, ahead of the checkpoint, has seen more than there is", () => {
    const { recorded: _, ...evidence } = same;
    expect(faultOf(50, log, { ...evidence, recorded: 101 })).toBe(
      "the log ends at 100, 101 had been processed",
    );
    expect(faultOf(50, log, { ...evidence, recorded: 100 })).toBeNull();
  });
});
