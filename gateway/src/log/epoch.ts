import { epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";

/** The epoch that the lease bucket names; 0: none. */
export const epochOn = (board: Pick<LeaseBoard, "get">): number =>
  epochSchema.safeParse(board.get(leaseKeys.epoch)?.value).data?.epoch ?? 0;

const FIRST_EPOCH = 1;

/** Calls back with each epoch that becomes known, and whether it began after this gateway did; what it gives ends that. */
export function onEpoch(board: LeaseBoard, known: (epoch: { isNew: boolean }) => void): () => void {
  let epoch = 0;
  let isBoardRead = false;
  void board.ready.then(() => {
    isBoardRead = true;
  });
  return board.onChange((key) => {
    const now = epochOn(board);
    // 0: none is known yet. An older one than before is new all the same: everything was wiped.
    if (key !== leaseKeys.epoch || now === 0 || now === epoch) return;
    const isFirst = epoch === 0 && now === FIRST_EPOCH;
    epoch = now;
    known({ isNew: isBoardRead && !isFirst });
  });
}
