import { epochSchema, gatewayBeatSchema } from "@meeshy/shared/events";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { partitionProgressSchema } from "@meeshy/shared/partition-progress";
import type { Bus } from "@meeshy/shared/ports/bus";
import { BUCKET_LEASES, leaseKeys, partitionOf } from "@meeshy/shared/subjects";
import type { ClientConnection } from "../connections/connections.ts";
import type { EventLog } from "../log/event-log.ts";

/**
 * When a record that lacks a connection proves that the connection was closed: if it was written after the connection's
 * announcement was processed. The owner writes records before its checkpoint, so the checkpoint is read first, then the
 * record. An announcement that the owner has read behind a hole was not processed: it takes nothing of this gateway until
 * that has begun a new life. Or this gateway was declared lost, and has not noticed yet: then all its connections are gone
 * from the records, and it announces them again. Its heartbeat's key is marked before anything else, so that is read last.
 */
export interface ClosureProof {
  /** Whether the partition has processed what this gateway wrote up to the connection's announcement. */
  isCovered(connection: ClientConnection): boolean;
  /** Whether this life's heartbeat stands under its key, and no one has marked or removed it. Rejects without NATS. */
  isAlive(): Promise<boolean>;
}

export interface ClosureProofDeps {
  bus: Bus;
  board: LeaseBoard;
  log: Pick<EventLog, "gatewayId">;
}

export function createClosureProof({ bus, board, log }: ClosureProofDeps): ClosureProof {
  return {
    isCovered({ userId, logged }) {
      const entry = board.get(leaseKeys.partition(partitionOf(userId)));
      const memory = partitionProgressSchema.safeParse(entry?.value).data?.memory;
      const epoch = epochSchema.safeParse(board.get(leaseKeys.epoch)?.value).data?.epoch;
      if (!memory || memory.epoch !== epoch || logged?.gatewayId !== log.gatewayId()) return false;
      const writer = memory.publishers[logged.gatewayId];
      return writer?.lost === false && writer.holeSince === undefined && logged.seq <= memory.seq;
    },
    async isAlive() {
      const subject = keySubject(BUCKET_LEASES, leaseKeys.gateway(log.gatewayId()));
      const last = await bus.lastValue(bucketStream(BUCKET_LEASES), subject, "leader");
      return (
        last !== undefined &&
        !last.deleted &&
        gatewayBeatSchema.safeParse(fromBytes(last.data)).data?.lost !== true
      );
    },
  };
}
