import { toBytes } from "@meeshy/shared/nats/last-value";
import { expect, it } from "vitest";
import { z } from "zod";
import { advanceByTimeout } from "../../src/core/clock.ts";
import { initialMemory } from "../../src/core/partition-memory.ts";
import { createPublishers } from "../../src/core/publishers.ts";
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

/** The parts of a checkpoint that have grown since, as the release before read them. */
const reading = z.object({ time: z.number(), elapsed: z.number() });
const before = z.object({
  memory: z.object({
    clock: z.object({
      offset: z.number(),
      now: z.number(),
      sweepers: z.record(z.string(), reading.extend({ suspect: reading.nullable() })),
    }),
    publishers: z.record(z.string(), z.object({ number: z.number(), at: z.number(), lost: z.boolean() })),
  }),
});

/** A checkpoint with every field. */
function full(): PartitionLease {
  const memory = initialMemory(1);
  for (const [time, sweeper, elapsed] of [
    [1_000, "s1", 0],
    [1_200, "s2", 70_000],
    [1_500, "s1", 500],
    [1_700, "s2", 70_500],
    [9_000, "s1", 600],
    [9_200, "s2", 70_600],
  ] as const)
    advanceByTimeout(memory.clock, time, sweeper, elapsed);
  const publishers = createPublishers({});
  publishers.admit({ publisher: "g1", number: 1 }, 5);
  publishers.admit({ publisher: "g1", number: 3 }, 6);
  publishers.markLost("g2", 7);
  return { owner: "w_1", memory: { ...memory, publishers: publishers.entries() }, storedUpTo: 0 };
}

it("a checkpoint is read as it was written", () => {
  const lease = JSON.parse(JSON.stringify(full()));
  expect(partitionLeaseSchema.parse(lease)).toEqual(lease);
});

it("a checkpoint of the release before is read, and one of this release by the release before", () => {
  const lease = full();
  const old = before.parse(JSON.parse(JSON.stringify(lease)));
  expect(Object.keys(old.memory.clock.sweepers)).toEqual(["s1", "s2"]);
  expect(old.memory.publishers.g1).toEqual({ number: 1, at: 5, lost: false });
  const read = partitionLeaseSchema.parse({ ...lease, memory: { ...lease.memory, ...old.memory } });
  expect(read.memory?.clock).toEqual(old.memory.clock);
});
