import { gatewayBeatSchema } from "@meeshy/shared/events";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";
import type { Sign } from "../core/deaf-guard.ts";

/** What the lease board says of the processes that beat. */
export interface BoardView {
  workers: Sign[];
  /** gateways not declared lost */
  gateways: Sign[];
  /** gateways declared lost whose entry is still there, with that entry */
  declared: { id: string; entry: LeaseEntry }[];
}

const WORKERS = leaseKeys.worker("");
const GATEWAYS = leaseKeys.gateway("");

export function viewBoard(board: LeaseBoard): BoardView {
  const view: BoardView = { workers: [], gateways: [], declared: [] };
  for (const { key, changedAt } of board.list(WORKERS)) {
    view.workers.push({ id: key.slice(WORKERS.length), changedAt });
  }
  for (const entry of board.list(GATEWAYS)) {
    const id = entry.key.slice(GATEWAYS.length);
    const beat = gatewayBeatSchema.safeParse(entry.value);
    if (beat.data?.lost) view.declared.push({ id, entry });
    else view.gateways.push({ id, changedAt: entry.changedAt });
  }
  return view;
}
