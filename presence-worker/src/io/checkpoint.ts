import { z } from "zod";
import type { PartitionMemory } from "../core/partition.ts";

/** A partition's entry on the lease board: who owns it, and from where its log must be read again. */

const readingSchema = z.object({ time: z.number(), elapsed: z.number() });

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
          readingSchema.extend({
            suspect: readingSchema.nullable(),
            isContradicted: z.boolean().optional(),
            alone: readingSchema.optional(),
          }),
        ),
        reference: z.string().optional(),
        trusted: z.number().optional(),
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
});
export type PartitionLease = z.infer<typeof partitionLeaseSchema>;
