import { createPartition, type Partition } from "../core/partition.ts";
import { intoEpoch } from "../core/record.ts";
import type { LoadedRecord } from "../io/record-loader.ts";
import type { HostDeps } from "./deps.ts";
import type { Claim } from "./lease.ts";
import { raiseEpoch } from "./raise-epoch.ts";

/** A partition as the broker's records and its checkpoint describe it. */
export interface LoadedPartition {
  partition: Partition;
  loaded: readonly LoadedUser[];
  /** the highest log sequence, of this epoch, that a record has seen; 0: none */
  recorded: number;
}

/** One user's record as it was found; `isOfLostLog`: of an earlier epoch, and brought into this one. */
export interface LoadedUser extends Omit<LoadedRecord, "epoch"> {
  isOfLostLog: boolean;
}

/**
 * Reads the partition's records.
 * @throws when records have expired or the checkpoint is gone: a new epoch has been asked for by then.
 */
export async function loadPartition(deps: HostDeps, claim: Claim): Promise<LoadedPartition> {
  const { epochs, rules } = deps;
  const { partition: p, memory, hasCheckpoint, idleMs } = claim;
  if (memory.seq > 0 && idleMs > rules.expireAfterMs) {
    const reason = `nothing was written of partition ${p} for so long that records have expired`;
    await raiseEpoch(epochs, claim, reason);
    throw new Error("the records have expired");
  }
  const stored = await deps.loader.load(p);
  if (!hasCheckpoint && stored.some(({ epoch, record }) => epoch === memory.epoch && record.seq > 0)) {
    await raiseEpoch(epochs, claim, `the checkpoint of partition ${p} is gone`);
    throw new Error("the checkpoint is gone");
  }
  const loaded = stored.map(({ record, epoch, ...rest }) => {
    const isOfLostLog = epoch !== memory.epoch;
    return { ...rest, isOfLostLog, record: isOfLostLog ? intoEpoch(record, memory) : record };
  });
  const records = loaded.map(({ record }) => record);
  return {
    partition: createPartition(deps.transition, rules, memory, records),
    loaded,
    recorded: loaded.reduce(
      (most, { record, isOfLostLog }) => (isOfLostLog ? most : Math.max(most, record.seq)),
      0,
    ),
  };
}
