import { describe, expect, it } from "vitest";
import {
  observeService,
  type Service,
  unservedPartitions,
  type WorkerSign,
} from "../../src/core/partition-service.ts";

const LEASE_MS = 2_000;
const sign = (given: Partial<WorkerSign> = {}): WorkerSign => ({
  changedAt: 10_000,
  leaseMs: LEASE_MS,
  unserved: [],
  ...given,
});

describe("a partition without service", () => {
  const of = (owner: string | null | undefined, sign_: WorkerSign | undefined, now = 10_500) =>
    unservedPartitions(now, [{ partition: 7, owner }], new Map(sign_ ? [["w", sign_]] : []));

  it.each<[string, number[]]>([
    ["without an owner", of(null, sign())],
    ["whose owner has left the board", of("w", undefined)],
    ["whose owner is silent for its lease", of("w", sign(), 10_001 + LEASE_MS)],
    ["that its owner names", of("w", sign({ unserved: [3, 7] }))],
  ])("is one %s", (_, found) => expect(found).toEqual([7]));

  it.each<[string, number[]]>([
    ["that its owner does not name", of("w", sign({ unserved: [3] }))],
    ["of a worker of an earlier release, which names none", of("w", sign({ unserved: undefined }))],
    ["whose entry cannot be read", of(undefined, undefined)],
    ["whose owner has been silent for less than its own lease", of("w", sign({ leaseMs: 9_000 }), 18_000)],
  ])("is none %s", (_, found) => expect(found).toEqual([]));
});

describe("how long it lasts", () => {
  const look = (before: Service | undefined, now: number, unserved: number[], isReceiving = true) =>
    observeService(before, { now, isReceiving, unserved }, { atFirstMs: 4_001 });

  it("is the time in which it was seen without a break", () => {
    let state = look(undefined, 0, []);
    for (const now of [200, 400, 600]) state = look(state, now, [7]);
    expect(state?.unserved).toEqual(new Map([[7, 400]]));
    state = look(state, 800, []);
    expect(look(state, 1_000, [7])?.unserved).toEqual(new Map([[7, 0]]));
  });

  it("does not grow, nor begin anew, while this gateway does not receive", () => {
    let state = look(undefined, 0, []);
    state = look(look(state, 200, [7]), 1_200, [7]);
    state = look(state, 60_000, [], false);
    expect(state?.unserved).toEqual(new Map([[7, 1_000]]));
    expect(look(state, 60_200, [7])?.unserved).toEqual(new Map([[7, 1_200]]));
  });

  it("does not grow by the time in which this process stood still", () => {
    const state = look(look(undefined, 0, []), 200, [7]);
    expect(look(state, 40_000, [7])?.unserved.get(7)).toBeLessThanOrEqual(1_000);
  });

  it("is long at the first look: no viewer has seen anything yet", () => {
    expect(look(undefined, 0, [7])?.unserved).toEqual(new Map([[7, 4_001]]));
    expect(look(undefined, 0, [], false)).toBeUndefined();
  });
});
