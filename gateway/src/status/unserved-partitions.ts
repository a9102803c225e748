import { workerBeatSchema } from "@meeshy/shared/events";
import type { LeaseLengths } from "@meeshy/shared/lease-length";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { partitionOwner } from "@meeshy/shared/partition-progress";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { unservedPartitions, type WorkerSign } from "../core/partition-service.ts";

const WORKERS = leaseKeys.worker("");

/** The partitions that no worker processes, as far as the board says at `now`, by this process's monotonic clock, ms. */
export function unservedOn(
  board: Pick<LeaseBoard, "get" | "list">,
  leases: LeaseLengths,
  now: number,
): number[] {
  const workers = new Map<string, WorkerSign>();
  for (const { key, value, changedAt } of board.list(WORKERS)) {
    const unserved = workerBeatSchema.safeParse(value).data?.unserved;
    workers.set(key.slice(WORKERS.length), { changedAt, leaseMs: leases.of(key, value), unserved });
  }
  const holdings = Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    owner: partitionOwner(board.get(leaseKeys.partition(partition))),
  }));
  return unservedPartitions(now, holdings, workers);
}
