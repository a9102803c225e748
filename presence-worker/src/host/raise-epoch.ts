import type { EpochKeeper } from "./epoch-keeper.ts";
import type { Claim } from "./lease.ts";

/**
 * Begins a new epoch, since what the partition's owner needs of this one is gone. Who has been cut off from the broker or
 * has stood still may be the owner no more without knowing it, and the log be trimmed up to where the next one is: so the
 * broker's lease is read first.
 * @throws when another worker owns the partition, or the lease cannot be read
 */
export async function raiseEpoch(
  epochs: Pick<EpochKeeper, "raise">,
  { partition, memory, verify }: Pick<Claim, "partition" | "memory" | "verify">,
  reason: string,
): Promise<void> {
  if (!(await verify())) throw new Error(`another worker owns partition ${partition}`);
  await epochs.raise(memory.epoch, reason);
}
