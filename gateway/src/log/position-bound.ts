import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { partitionPosition } from "@meeshy/shared/partition-progress";
import { EPOCH_LEAD_MAX } from "@meeshy/shared/presence-row";
import { leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { epochOn } from "./epoch.ts";

/** What a log writes in a minute and a half at 100,000 messages a second. */
const SLACK = 10_000_000;
const KEYS: ReadonlySet<string> = new Set(
  Array.from({ length: PARTITIONS }, (_, partition) => leaseKeys.partition(partition)),
);

/**
 * Whether a status can have been caused by the log, by how far partitions have said that they processed it. A version far
 * beyond that was written by no owner, and would be taken for newer than everything that comes. What partitions say is
 * followed, so that a status costs two comparisons, also while no partition has said anything yet.
 */
export function createPositionBound(
  board: Pick<LeaseBoard, "get" | "onChange">,
): (position: { epoch: number; version: number }) => boolean {
  let known = { epoch: 0, seq: 0 };

  const take = (key: string) => {
    const position = partitionPosition(board.get(key));
    if (position?.epoch === known.epoch) known.seq = Math.max(known.seq, position.seq);
  };
  const review = () => {
    const epoch = epochOn(board);
    if (epoch === known.epoch) return;
    known = { epoch, seq: 0 };
    for (const key of KEYS) take(key);
  };
  review();
  board.onChange((key) => {
    if (key === leaseKeys.epoch) review();
    else if (KEYS.has(key)) take(key);
  });

  return ({ epoch, version }) => {
    if (known.epoch === 0 || epoch < known.epoch) return true;
    if (epoch > known.epoch) return epoch <= known.epoch + EPOCH_LEAD_MAX;
    return known.seq === 0 || version <= known.seq + Math.max(SLACK, known.seq);
  };
}
