import { PresenceError } from "@meeshy/shared/codes";
import { gatewayBeatSchema, sweeperBeatSchema, workerBeatSchema } from "@meeshy/shared/events";
import { toIso } from "@meeshy/shared/iso-time";
import type { Leases } from "@meeshy/shared/lease-length";
import type { LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { partitionCheckpoint, partitionOwner } from "@meeshy/shared/partition-progress";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { z } from "zod";
import type { BoardNow } from "../status/board-view.ts";
import type { Staleness } from "../status/staleness.ts";
import { unservedOn } from "../status/unserved-partitions.ts";

const sign = {
  lastBeatAt: z.iso.datetime().describe("by the broker's clock"),
  isSilent: z.boolean().describe("for longer than its lease: it counts as dead"),
};

export const partitionsAnswer = z.object({
  partitions: z.array(
    z.object({
      partition: z.int(),
      owner: z.string().nullable(),
      epoch: z.int().describe("0: no checkpoint is known"),
      position: z.int().describe("log sequence up to which the checkpoint covers everything"),
      lagMs: z.int().nullable().describe("age of the last message covered, when the checkpoint was written"),
      isServed: z.boolean().describe("its owner works, and says nothing else of it"),
      checkpointAt: z.iso.datetime().nullable(),
    }),
  ),
  workers: z.array(z.object({ workerId: z.string(), partitions: z.int(), usersOnline: z.int(), ...sign })),
  gateways: z.array(z.object({ gatewayId: z.string(), connections: z.int(), users: z.int(), ...sign })),
  sweepers: z.array(
    z.object({
      sweeperId: z.string(),
      state: z.enum(["running", "paused"]),
      reason: z.string().nullable(),
      ...sign,
    }),
  ),
});
type Answer = z.infer<typeof partitionsAnswer>;

/** A sweeper's heartbeat names no lease, ms. */
export const SWEEPER_SILENCE_MS = 3_000;

/**
 * What heartbeats say of every process.
 * @throws {PresenceError} `unavailable`: none arrive, and every process would look dead
 */
export function boardNow(staleness: Pick<Staleness, "boardNow">): BoardNow {
  const board = staleness.boardNow();
  if (board) return board;
  throw new PresenceError("unavailable", "No heartbeats arrive: what the processes do is not known now.");
}

/** Who owns each partition and how far it is, and every process that has given a sign of life lately. */
export function readPartitions(board: BoardNow, leases: Leases): Answer {
  const now = board.at;
  const unserved = new Set(unservedOn(board, leases.workers, now));

  const signs = <S extends z.ZodType, R>(
    prefix: string,
    schema: S,
    silenceMs: (entry: LeaseEntry) => number,
    describe: (id: string, beat: z.infer<S>, isSilent: boolean) => R,
  ): (R & { lastBeatAt: string; isSilent: boolean })[] =>
    board
      .list(prefix)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .flatMap((entry) => {
        const beat = schema.safeParse(entry.value).data;
        if (beat === undefined) return [];
        const isSilent = now - entry.changedAt > silenceMs(entry);
        const described = describe(entry.key.slice(prefix.length), beat, isSilent);
        return [{ lastBeatAt: toIso(entry.writtenAt), isSilent, ...described }];
      });

  return {
    partitions: Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      isServed: !unserved.has(partition),
      ...describePartition(board.get(leaseKeys.partition(partition))),
    })),
    workers: signs(
      leaseKeys.worker(""),
      workerBeatSchema,
      ({ key, value }) => leases.workers.of(key, value),
      (workerId, { partitions, usersOnline }) => ({ workerId, partitions, usersOnline }),
    ),
    gateways: signs(
      leaseKeys.gateway(""),
      gatewayBeatSchema,
      ({ key, value }) => leases.gateways.of(key, value),
      (gatewayId, { connections, users, lost = false }, isSilent) => ({
        gatewayId,
        connections,
        users,
        isSilent: isSilent || lost,
      }),
    ),
    sweepers: signs(
      leaseKeys.sweeper(""),
      sweeperBeatSchema,
      () => SWEEPER_SILENCE_MS,
      (sweeperId, { state, reason = null }) => ({ sweeperId, state, reason }),
    ),
  };
}

function describePartition(entry: LeaseEntry | undefined) {
  const owner = partitionOwner(entry) ?? null;
  const checkpoint = partitionCheckpoint(entry);
  if (!entry || !checkpoint) return { owner, epoch: 0, position: 0, lagMs: null, checkpointAt: null };
  const { epoch, seq: position, time } = checkpoint;
  const lagMs = time === null ? null : Math.max(0, Math.round(entry.writtenAt - time));
  return { owner, epoch, position, lagMs, checkpointAt: toIso(entry.writtenAt) };
}
