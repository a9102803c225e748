import { z } from "zod";

/**
 * What a partition's entry on the lease board says to processes that do not own it: up to where the log is processed
 * and written down. The rest of the entry is the owner's.
 */
export const partitionProgressSchema = z.object({
  /** null: released */
  owner: z.string().nullable(),
  /** null: nothing was processed yet */
  memory: z
    .object({
      epoch: z.number(),
      /** log sequence up to which every change is in the records */
      seq: z.number().nonnegative(),
      /** by publisher id, up to which of its numbers the partition has taken them */
      publishers: z.record(z.string(), z.object({ number: z.number(), lost: z.boolean() })),
    })
    .nullable(),
});
export type PartitionProgress = z.infer<typeof partitionProgressSchema>;
