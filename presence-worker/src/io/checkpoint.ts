import { toBytes } from "@meeshy/shared/nats/last-value";
import { z } from "zod";
import type { PartitionMemory } from "../core/partition-memory.ts";

/** A partition's entry on the lease board: who owns it, and from where its log must be read again. */

const readingSchema = z.object({ time: z.number(), elapsed: z.number(), broker: z.number().optional() });

export const partitionLeaseSchema = z.object({
  /** null: released */
  owner: z.string().nullable(),
  memory: z
    .object({
      epoch: z.number(),
      seq: z.number(),
      time: z.number().nullable(),
      clock: z.object({
        offset: z.number(),
        now: z.number(),
        sweepers: z.record(
          z.string(),
          readingSchema.extend({ suspect: readingSchema.nullable(), heard: z.number().optional() }),
        ),
        dates: z.number().optional(),
        proven: z.number().optional(),
      }),
      publishers: z.record(
        z.string(),
        z.object({ number: z.number(), at: z.number(), lost: z.boolean(), holeSince: z.number().optional() }),
      ),
      reconcileAt: z.union([z.number(), z.literal("armed")]).nullable(),
    })
    .nullable() satisfies z.ZodType<PartitionMemory | null>,
  /** every change up to this log sequence is in the database */
  storedUpTo: z.number(),
  /** a checkpoint was written, and not a claim alone; the position says so too, unless it is 0, before a log's first message */
  checkpointed: z.boolean().optional(),
});
export type PartitionLease = z.infer<typeof partitionLeaseSchema>;

/** Every process reads every entry: far below what a server takes, and room for thousands of gateways that are alive. */
export const LEASE_MAX_BYTES = 256 * 1024;

/**
 * The entry in at most `maxBytes`, if that can be: without the gateways and sweepers that were lost longest ago. What
 * one of them still has under way is then a hole of an unknown publisher, and as little accepted. The same entry when it fits.
 */
export function fitLease(lease: PartitionLease, maxBytes: number): PartitionLease {
  const { memory } = lease;
  const excess = toBytes(lease).length - maxBytes;
  if (memory === null || excess <= 0) return lease;
  const publishers = withoutOldest(memory.publishers, excess, ({ lost, at }) => (lost ? at : null));
  const sweepers = withoutOldest(memory.clock.sweepers, excess - publishers.freed, ({ time }) => time);
  return {
    ...lease,
    memory: { ...memory, publishers: publishers.kept, clock: { ...memory.clock, sweepers: sweepers.kept } },
  };
}

/** `timeOf`: null for those that have to stay. */
function withoutOldest<T>(
  entries: Record<string, T>,
  excess: number,
  timeOf: (entry: T) => number | null,
): { kept: Record<string, T>; freed: number } {
  const kept = { ...entries };
  let freed = 0;
  const removable = Object.entries(entries)
    .map(([id, entry]) => ({ id, entry, time: timeOf(entry) }))
    .filter(({ time }) => time !== null)
    .sort((a, b) => Number(a.time) - Number(b.time));
  for (const { id, entry } of removable) {
    if (freed >= excess) break;
    freed += toBytes({ [id]: entry }).length - 1;
    delete kept[id];
  }
  return { kept, freed };
}
