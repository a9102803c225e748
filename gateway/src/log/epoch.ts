import { type Epoch, epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";

/** Each write makes a new entry: it is read once, however often it is asked for. */
const read = new WeakMap<LeaseEntry, Epoch | undefined>();

/** The epoch that the lease bucket names; 0: none. */
export const epochOn = (board: Pick<LeaseBoard, "get">): number => namedOn(board)?.epoch ?? 0;

function namedOn(board: Pick<LeaseBoard, "get">): Epoch | undefined {
  const entry = board.get(leaseKeys.epoch);
  if (!entry) return undefined;
  if (!read.has(entry)) read.set(entry, epochSchema.safeParse(entry.value).data);
  return read.get(entry);
}

const FIRST_EPOCH = 1;

/**
 * Calls back with each epoch that becomes known, and whether it began after this gateway did; what it gives ends that.
 * An epoch that begins elsewhere in the log is another one, also under the same number: its owners have not read what was
 * written before its beginning.
 */
export function onEpoch(board: LeaseBoard, onKnown: (epoch: { isNew: boolean }) => void): () => void {
  let known: Epoch | undefined;
  let isBoardRead = false;
  void board.ready.then(() => {
    isBoardRead = true;
  });
  return board.onChange((key) => {
    if (key !== leaseKeys.epoch) return;
    const now = namedOn(board);
    // An older one than before is new all the same: everything was wiped.
    if (now === undefined || (now.epoch === known?.epoch && now.from === known.from)) return;
    const isFirst = known === undefined && now.epoch === FIRST_EPOCH;
    known = now;
    onKnown({ isNew: isBoardRead && !isFirst });
  });
}
