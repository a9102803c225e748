import { toBytes } from "@meeshy/shared/nats/last-value";
import { expect, it } from "vitest";
import { initialMemory } from "../../src/core/partition.ts";
import { fitLease, type PartitionLease, partitionLeaseSchema } from "../../src/io/checkpoint.ts";

const leaseOf = (gateways: number, lost: (at: number) => boolean): PartitionLease => {
  const memory = initialMemory(1);
  for (let at = 0; at < gateways; at++) {
    memory.publishers[`gw-${at}`] = { number: at, at, lost: lost(at) };
    memory.clock.sweepers[`s_${at}`] = { time: at, elapsed: at, suspect: null };
  }
  return { owner: "w_1", memory, storedUpTo: 7 };
};

it("an entry that fits stays as it is", () => {
  const lease = leaseOf(10, () => true);
  expect(fitLease(lease, toBytes(lease).length)).toBe(lease);
});

it("an entry that does not fit forgets those lost longest ago, and none that lives", () => {
  const lease = leaseOf(1_000, (at) => at % 2 === 0);
  const maxBytes = toBytes(lease).length - 10_000;
  const fitted = fitLease(lease, maxBytes);
  expect(partitionLeaseSchema.parse(fitted)).toEqual(fitted);
  expect(toBytes(fitted).length).toBeLessThanOrEqual(maxBytes);
  expect(toBytes(fitted).length).toBeGreaterThan(maxBytes - 100);
  const ids = Object.keys(fitted.memory?.publishers ?? {});
  expect(ids.filter((id) => Number(id.slice(3)) % 2 === 1)).toHaveLength(500);
  expect(ids).toContain("gw-998");
  expect(ids).not.toContain("gw-0");
});

it("readings of sweepers go after the lost gateways, the oldest first", () => {
  const lease = leaseOf(1_000, () => false);
  const fitted = fitLease(lease, toBytes(lease).length - 10_000);
  expect(Object.keys(fitted.memory?.publishers ?? {})).toHaveLength(1_000);
  const sweepers = Object.keys(fitted.memory?.clock.sweepers ?? {});
  expect(sweepers).toContain("s_999");
  expect(sweepers).not.toContain("s_0");
});
