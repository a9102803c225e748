import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { reconciledEpoch } from "@meeshy/shared/partition-progress";
import type { StatusMessage } from "@meeshy/shared/status";
import { leaseKeys, PARTITIONS, partitionOf } from "@meeshy/shared/subjects";

/**
 * Statuses that no owner will ever correct: when the status stream alone was put back to an earlier state, people who
 * left since are online in it, and no record is left of them. Owners publish every record anew in a new epoch before
 * they write down that the partition is reconciled: from then on, who is online by an earlier epoch is not.
 */

/** By partition, the epoch in which it is reconciled; 0: not known. */
export type Reconciled = readonly number[];

export const NONE_RECONCILED: Reconciled = Array.from({ length: PARTITIONS }, () => 0);

export const reconciledOn = (board: Pick<LeaseBoard, "get">): Reconciled =>
  NONE_RECONCILED.map((_, partition) => reconciledEpoch(board.get(leaseKeys.partition(partition))));

/** The epoch in which this person's partition is reconciled; 0: not known. */
export const reconciledFor = (userId: string, reconciled: Reconciled): number =>
  reconciled[partitionOf(userId)] ?? 0;

/** What is shown in place of a leftover of an epoch before this one. Its version is before all that the epoch brings. */
export function endOfLeftover(status: StatusMessage, epoch: number): StatusMessage {
  return {
    ...status,
    isOnline: false,
    availability: "available",
    statusText: null,
    statusExpiresAt: null,
    lastSeen: status.lastActiveAt,
    epoch,
    version: 1,
    cause: "disconnect",
    at: null,
  };
}
