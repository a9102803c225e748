import type { LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";
import { expect, it } from "vitest";
import { createPositionBound } from "../../src/log/position-bound.ts";

const FAR = 50_000_000;

function board() {
  const entries = new Map<string, LeaseEntry>();
  const listeners: ((key: string) => void)[] = [];
  let reads = 0;
  return {
    get(key: string) {
      reads++;
      return entries.get(key);
    },
    onChange(listener: (key: string) => void) {
      listeners.push(listener);
      return () => {};
    },
    put(key: string, value: unknown) {
      entries.set(key, { key, value, revision: 1, changedAt: 0, writtenAt: 0 });
      for (const listener of listeners) listener(key);
    },
    reads: () => reads,
  };
}
const progress = (epoch: number, seq: number) => ({
  owner: "w",
  memory: { epoch, seq, publishers: {} },
});

it("a version far beyond what partitions have processed is impossible, as soon as one has said so", () => {
  const leases = board();
  const isPossible = createPositionBound(leases);
  expect(isPossible({ epoch: 1, version: FAR })).toBe(true);
  leases.put(leaseKeys.epoch, { epoch: 1, from: 0 });
  expect(isPossible({ epoch: 1, version: FAR })).toBe(true);
  leases.put(leaseKeys.partition(7), progress(1, 1_000));
  expect(isPossible({ epoch: 1, version: FAR })).toBe(false);
  expect(isPossible({ epoch: 1, version: 2_000 })).toBe(true);
  leases.put(leaseKeys.partition(8), progress(1, FAR));
  expect(isPossible({ epoch: 1, version: FAR })).toBe(true);
});

it("a new epoch counts from what its own partitions say, and one far ahead is impossible", () => {
  const leases = board();
  leases.put(leaseKeys.epoch, { epoch: 1, from: 0 });
  leases.put(leaseKeys.partition(7), progress(1, FAR));
  const isPossible = createPositionBound(leases);
  expect(isPossible({ epoch: 1, version: FAR })).toBe(true);
  leases.put(leaseKeys.partition(8), progress(2, 1_000));
  leases.put(leaseKeys.epoch, { epoch: 2, from: 0 });
  expect(isPossible({ epoch: 2, version: FAR })).toBe(false);
  expect(isPossible({ epoch: 1, version: FAR })).toBe(true);
  expect(isPossible({ epoch: 2 ** 30, version: 1 })).toBe(false);
});

it("judging a status reads no lease, also before the first checkpoint of an epoch", () => {
  const leases = board();
  leases.put(leaseKeys.epoch, { epoch: 1, from: 0 });
  const isPossible = createPositionBound(leases);
  const before = leases.reads();
  for (let version = 1; version <= 100; version++) isPossible({ epoch: 1, version });
  expect(leases.reads()).toBe(before);
});
