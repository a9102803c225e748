import type { Epoch } from "@meeshy/shared/events";
import { fromBytesOrNone, toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { type Bus, isConflict, isTooLarge, type LastValue } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";
import { isLater, versioned } from "@meeshy/shared/versions";
import { initialMemory, type PartitionMemory } from "../core/partition-memory.ts";
import { fitLease, LEASE_MAX_BYTES, type PartitionLease, partitionLeaseSchema } from "../io/checkpoint.ts";
import type { WorkerMetrics } from "../metrics.ts";

/** A partition that this worker owns, for as long as no other writes its lease. */
export interface Claim {
  partition: number;
  /** where to go on: the last checkpoint of this epoch, or its beginning */
  memory: PartitionMemory;
  /** every change up to this log sequence is in the database */
  storedUpTo: number;
  /** whether records may exist: a checkpoint was written, or the epoch began in an older log; records where it is false mean a loss */
  hasCheckpoint: boolean;
  /** after this, by the broker's clock, no former owner has applied a message: ms since 1970; 0: none beyond the checkpoint */
  appliedBefore: number;
  /** for how long, by the broker's clock, the former owners had written no checkpoint, ms; 0: there was none */
  idleMs: number;
  /** of what the board showed when the partition was claimed */
  revision: number;
  /** Writes the log position. Rejects when the lease is another's now. */
  checkpoint(memory: PartitionMemory, storedUpTo: number): Promise<void>;
  /**
   * Whether no other worker owns the partition by now, as the broker has it; `onLost` is called when one does.
   * Rejects when that cannot be read.
   */
  verify(): Promise<boolean>;
  release(): Promise<void>;
  /** Nothing is written any more, also not by what is under way: the next claim may be this worker's again. */
  end(): void;
  /** seconds from the former owner's last sign of life, or from the claim, until now */
  sinceOwnerSilent(): number;
}

export interface ClaimOptions {
  workerId: string;
  partition: number;
  bus: Bus;
  board: LeaseBoard;
  logger: Logger;
  metrics: Pick<WorkerMetrics, "oversize">;
  epoch: Epoch;
  onLost: () => void;
}

const EMPTY: PartitionLease = { owner: null, memory: null, storedUpTo: 0 };

/** Leases by board entry: the board makes a new one at each change, and they are looked at far more often. */
const leases = new WeakMap<LeaseEntry, FoundLease>();

/**
 * What stands under a partition's key; `"damaged"`: nothing that a release up to this one can have written; `"later"`:
 * written by a later release in a format that this one cannot read. Either belongs to an unknown owner.
 */
export type FoundLease = PartitionLease | "damaged" | "later";

/** The lease in a board entry; a partition without one is owned by no worker, and has no checkpoint. */
export function readLease(entry: LeaseEntry | undefined): FoundLease {
  if (entry === undefined) return EMPTY;
  const lease = leases.get(entry) ?? parseLease(entry.value);
  leases.set(entry, lease);
  return lease;
}

/** The owner; null: there is none; `undefined`: not known, since the lease cannot be read. */
export const ownerOf = (lease: FoundLease): string | null | undefined =>
  typeof lease === "string" ? undefined : lease.owner;

function parseLease(value: unknown): FoundLease {
  if (isLater("lease", value)) return "later";
  return partitionLeaseSchema.safeParse(value).data ?? "damaged";
}

const parseLast = (last: LastValue | undefined): FoundLease | "absent" =>
  last === undefined || last.deleted ? "absent" : parseLease(fromBytesOrNone(last.data));

/**
 * Takes the partition by compare-and-set; `undefined` when another was faster, the lease cannot be read, or the board
 * does not show the last one yet. That may be this worker's own, with a later checkpoint: to go on from what the board
 * shows would lose it.
 */
export async function claimPartition(options: ClaimOptions): Promise<Claim | undefined> {
  const { workerId, partition, bus, board, logger, metrics, epoch, onLost } = options;
  const key = leaseKeys.partition(partition);
  const subject = keySubject(BUCKET_LEASES, key);
  const entry = board.get(key);
  const lease = readLease(entry);
  if (typeof lease === "string") return undefined;
  const formerOwner =
    lease.owner !== null && lease.owner !== workerId ? board.get(leaseKeys.worker(lease.owner)) : undefined;
  const idleMs = entry ? Math.max(0, (board.brokerTime() ?? entry.writtenAt) - entry.writtenAt) : 0;
  const appliedBefore = formerOwner?.writtenAt ?? 0;
  const silentSince = formerOwner?.changedAt ?? bus.clock.now();
  let revision = entry?.revision ?? 0;
  const goesOn = lease.memory?.epoch === epoch.epoch;
  const memory = goesOn && lease.memory ? lease.memory : memoryOfNewEpoch(lease.memory, epoch);
  const storedUpTo = goesOn ? lease.storedUpTo : 0;
  const hasCheckpoint = memory.seq > 0 || (goesOn && lease.checkpointed === true);
  let held: PartitionLease = { owner: workerId, memory, storedUpTo, checkpointed: hasCheckpoint };

  let wasOversize = false;
  /** What of an entry fits; reported when that is not all. */
  const fit = (whole: PartitionLease, maxBytes: number): PartitionLease => {
    const value = fitLease(whole, maxBytes);
    if (value !== whole) {
      metrics.oversize("checkpoint");
      if (!wasOversize)
        logger.error({ partition }, "checkpoint too large, stored without some lost gateways");
    }
    wasOversize = value !== whole;
    return value;
  };

  let isOwned = false;
  let hasEnded = false;
  const readFromLeader = () => bus.lastValue(bucketStream(BUCKET_LEASES), subject, "leader");
  /**
   * A refusal of the owner is first of all its own lost ack: only a foreign owner counts. What is damaged, its owner
   * writes anew.
   */
  const put = async (whole: PartitionLease): Promise<void> => {
    let value = fit(whole, LEASE_MAX_BYTES);
    for (;;) {
      if (hasEnded) throw new Error(`partition ${partition} was given up`);
      try {
        revision = await board.put(key, versioned("lease", value), revision);
        held = whole;
        isOwned = true;
        return;
      } catch (error) {
        if (isTooLarge(error)) {
          const bytes = toBytes(value).length;
          value = fit(whole, bytes >> 1);
          if (toBytes(value).length >= bytes) throw error;
          continue;
        }
        if (!isConflict(error) || !isOwned) throw error;
        const last = await readFromLeader();
        const found = parseLast(last);
        if (found === "damaged")
          logger.error({ key, revision: last?.seq }, "lease is damaged, written anew by its owner");
        else if (found !== "absent" && ownerOf(found as FoundLease) !== workerId) throw error;
        revision = last?.seq ?? 0;
      }
    }
  };

  try {
    await put(held);
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
  return {
    partition,
    memory,
    storedUpTo,
    hasCheckpoint,
    idleMs,
    appliedBefore,
    revision: entry?.revision ?? 0,
    async checkpoint(memory, storedUpTo) {
      try {
        await put({ owner: workerId, memory, storedUpTo, checkpointed: true });
      } catch (error) {
        if (isConflict(error)) onLost();
        throw error;
      }
    },
    async verify() {
      const found = parseLast(await readFromLeader());
      const isLost = found === "later" || (typeof found === "object" && found.owner !== workerId);
      if (isLost) onLost();
      return !isLost;
    },
    async release() {
      await put({ ...held, owner: null });
    },
    end() {
      hasEnded = true;
    },
    sinceOwnerSilent: () => (bus.clock.now() - silentSince) / 1_000,
  };
}

/** How a partition begins a new epoch: a new log, unknown publishers, connections that must be confirmed. */
function memoryOfNewEpoch(before: PartitionMemory | null, { epoch, from }: Epoch): PartitionMemory {
  const fresh = initialMemory(epoch);
  return {
    ...fresh,
    seq: Math.max(0, from - 1),
    clock: before?.clock ?? fresh.clock,
    reconcileAt: epoch === 1 ? null : "armed",
  };
}
