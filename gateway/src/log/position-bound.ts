import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { partitionProgressSchema } from "@meeshy/shared/partition-progress";
import type { Clock } from "@meeshy/shared/ports/clock";
import { EPOCH_LEAD_MAX } from "@meeshy/shared/presence-row";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { epochOn } from "./epoch.ts";

/** What a log writes in a minute and a half at 100,000 messages a second. */
const SLACK = 10_000_000;
const LOOK_EVERY_MS = 250;
/**
 * Whether a status can have been caused by the log, by how far partitions have said that they processed it. A version far
 * beyond that was written by no owner, and would be taken for newer than everything that comes.
 */
export function createPositionBound(
  board: Pick<LeaseBoard, "get">,
  clock: Pick<Clock, "now">,
): (position: { epoch: number; version: number }) => boolean {
  let known = { epoch: 0, seq: 0 };
  let lookedAt = Number.NEGATIVE_INFINITY;

  const look = () => {
    const epoch = epochOn(board);
    let seq = epoch === known.epoch ? known.seq : 0;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const entry = board.get(leaseKeys.partition(partition));
      const memory = partitionProgressSchema.safeParse(entry?.value).data?.memory;
      if (memory?.epoch === epoch) seq = Math.max(seq, memory.seq);
    }
    known = { epoch, seq };
  };
  const isWithin = ({ epoch, version }: { epoch: number; version: number }) => {
    if (known.epoch === 0 || epoch < known.epoch) return true;
    if (epoch > known.epoch) return epoch <= known.epoch + EPOCH_LEAD_MAX;
    return known.seq === 0 || version <= known.seq + Math.max(SLACK, known.seq);
  };

  return (position) => {
    // Nearly all are: the board is read for those that are not, by what was known before, and now and then. A log of
    // which nothing is known has just begun: few statuses come of it.
    if (known.seq > 0 && isWithin(position)) return true;
    if (known.seq === 0 || clock.now() - lookedAt >= LOOK_EVERY_MS) {
      lookedAt = clock.now();
      look();
    }
    return isWithin(position);
  };
}
