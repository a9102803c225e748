import { epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";

/** Each write makes a new entry: it is read once, however often it is asked for. */
const read = new WeakMap<Pick<LeaseEntry, "value">, number>();

/** The epoch that the lease bucket names; 0: none. */
export function epochOn(board: Pick<LeaseBoard, "get">): number {
  const entry = board.get(leaseKeys.epoch);
  if (!entry) return 0;
  const known = read.get(entry);
  if (known !== undefined) return known;
  const epoch = epochSchema.safeParse(entry.value).data?.epoch ?? 0;
  read.set(entry, epoch);
  return epoch;
}

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
