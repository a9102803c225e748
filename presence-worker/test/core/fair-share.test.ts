import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Holding, plan, shareOf } from "../../src/core/fair-share.ts";

const PARTITIONS = 64;

describe("the fair share", () => {
  it("differs by at most one between workers and adds up to all partitions", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 64 }), (workers) => {
        const shares = workers.map((worker) => shareOf(worker, workers, PARTITIONS));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(PARTITIONS);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is 21 or 22 of 64 for three workers", () => {
    expect(["a", "b", "c"].map((worker) => shareOf(worker, ["a", "b", "c"], PARTITIONS))).toEqual([
      22, 21, 21,
    ]);
  });
});

/** Lets every worker carry out its plan, in turn, on one board. */
function settle(holdings: Holding[], workers: string[]): number {
  const lingering = new Map<string, Set<number>>();
  for (let round = 1; round <= 64; round++) {
    let changed = false;
    for (const worker of workers) {
      const held = new Set(
        holdings.filter(({ owner }) => owner === worker).map(({ partition }) => partition),
      );
      const { claim, release, orphans } = plan(worker, workers, holdings, held, lingering.get(worker));
      lingering.set(worker, new Set(orphans));
      for (const partition of claim) holdings[partition] = { partition, owner: worker };
      for (const partition of release) holdings[partition] = { partition, owner: null };
      changed ||= claim.length + release.length > 0;
    }
    if (!changed) return round;
  }
  return Number.POSITIVE_INFINITY;
}

describe("a plan", () => {
  it("ends with every partition owned by a living worker, in fair shares, from any board", () => {
    const owner = fc.option(fc.constantFrom("a", "b", "c", "dead", "gone"), { nil: null });
    const board = fc.array(owner, { minLength: PARTITIONS, maxLength: PARTITIONS });
    fc.assert(
      fc.property(board, fc.subarray(["a", "b", "c"], { minLength: 1 }), (owners, workers) => {
        const holdings = owners.map((name, partition) => ({ partition, owner: name }));
        expect(settle(holdings, workers)).toBeLessThanOrEqual(18);
        for (const worker of workers) {
          const count = holdings.filter(({ owner: name }) => name === worker).length;
          expect(count).toBe(shareOf(worker, workers, PARTITIONS));
        }
      }),
    );
  });

  it("takes nothing from a worker that is alive", () => {
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, owner: "b" }));
    expect(plan("a", ["a", "b"], holdings, new Set())).toEqual({
      claim: [],
      release: [],
      orphans: [],
    });
  });

  it("takes its part of a dead worker's partitions at once, though its share is full", () => {
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      owner: partition < 32 ? "a" : "dead",
    }));
    const held = new Set(Array.from({ length: 32 }, (_, at) => at));
    const parts = ["a", "new"].map((worker) =>
      plan(worker, ["a", "new"], holdings, worker === "a" ? held : new Set()),
    );
    const orphans = Array.from({ length: 32 }, (_, at) => at + 32);
    expect(parts.flatMap(({ claim }) => claim).sort((x, y) => x - y)).toEqual(orphans);
    expect(parts.map(({ claim }) => claim.length)).toEqual([16, 16]);
  });

  it("claims a dead worker's partitions that are unclaimed since its last look, and releases none meanwhile", () => {
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      owner: partition < 48 ? "a" : "dead",
    }));
    const held = new Set(Array.from({ length: 48 }, (_, at) => at));
    const first = plan("a", ["a", "new"], holdings, held);
    const second = plan("a", ["a", "new"], holdings, held, new Set(first.orphans));
    expect(second).toEqual({ claim: first.orphans, release: [], orphans: first.orphans });
  });

  it("takes what names it as owner though it is full, and gives the surplus up in good order", () => {
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, owner: "a" }));
    const held = new Set(Array.from({ length: 32 }, (_, at) => at));
    const { claim, release } = plan("a", ["a", "b"], holdings, held);
    expect(claim).toEqual(Array.from({ length: 32 }, (_, at) => at + 32));
    expect(release).toEqual([]);
    const all = new Set(holdings.map(({ partition }) => partition));
    expect(plan("a", ["a", "b"], holdings, all).release).toEqual([63, 62, 61, 60]);
  });

  it("hands over a few partitions at a time, the next when the last were claimed", () => {
    const board = (released: number[]) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({
        partition,
        owner: released.includes(partition) ? null : "a",
      }));
    const held = (...released: number[]) =>
      new Set(Array.from({ length: PARTITIONS }, (_, at) => at).filter((at) => !released.includes(at)));
    const releases = (...released: number[]) =>
      plan("a", ["a", "b"], board(released), held(...released)).release;
    expect(releases()).toHaveLength(4);
    expect(releases(63, 62, 61, 60)).toEqual([]);
    expect(releases(63)).toEqual([62, 61, 60]);
  });

  it("takes back its own partitions first", () => {
    const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      owner: partition >= 60 ? "a" : null,
    }));
    expect(plan("a", ["a", "b"], holdings, new Set()).claim.slice(0, 4)).toEqual([60, 61, 62, 63]);
  });
});
