import { z } from "zod";
import { isLater } from "./versions.ts";

/**
 * What processes that do not own a partition read of its entry on the lease board: up to where the log is processed
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
      /** by publisher id, up to which of its numbers the partition has taken them; `holeSince`: it took none of the later */
      publishers: z.record(
        z.string(),
        z.object({ number: z.number(), lost: z.boolean(), holeSince: z.number().optional() }),
      ),
    })
    .nullable(),
});

const positionSchema = z.object({ memory: z.object({ epoch: z.number(), seq: z.number().nonnegative() }) });

/** Up to where the log is processed and written down, by a partition's entry on the lease board; `undefined`: not known. */
export const partitionPosition = (
  entry: { value: unknown } | undefined,
): { epoch: number; seq: number } | undefined => positionSchema.safeParse(entry?.value).data?.memory;

const checkpointSchema = z.object({
  memory: z.object({ epoch: z.number(), seq: z.number().nonnegative(), time: z.number().nullable() }),
});

/**
 * The last checkpoint of a partition, by its entry on the lease board; `undefined`: there is none, or it cannot be read.
 * `time`: of the last message that it covers, by the broker's clock, ms since 1970; null: it covers none.
 */
export const partitionCheckpoint = (
  entry: { value: unknown } | undefined,
): { epoch: number; seq: number; time: number | null } | undefined =>
  checkpointSchema.safeParse(entry?.value).data?.memory;

const reconciledSchema = z.object({ memory: z.object({ epoch: z.number(), reconcileAt: z.null() }) });

/**
 * The epoch in which the owner of a partition has reconciled it, by its entry on the lease board: every record of before
 * is published anew, and who was not announced again is offline; 0: not known.
 */
export const reconciledEpoch = (entry: { value: unknown } | undefined): number =>
  reconciledSchema.safeParse(entry?.value).data?.memory.epoch ?? 0;

const ownerSchema = z.object({ owner: z.string().nullable() });

/**
 * The owner in a partition's entry on the lease board (`undefined`: there is no entry); null: there is none;
 * `undefined`: not known, since a later release has written the entry, or it is damaged.
 */
export function partitionOwner(entry: { value: unknown } | undefined): string | null | undefined {
  if (entry === undefined) return null;
  return isLater("lease", entry.value) ? undefined : ownerSchema.safeParse(entry.value).data?.owner;
}
