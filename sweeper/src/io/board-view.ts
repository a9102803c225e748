import { gatewayBeatSchema } from "@meeshy/shared/events";
import type { Leases } from "@meeshy/shared/lease-length";
import type { LeaseBoard, LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";
import type { Sign } from "../core/self-check.ts";

/** The heartbeats on the lease board. */
export interface BoardView {
  workers: Sign[];
  /** gateways not declared lost */
  gateways: Sign[];
  /** gateways declared lost whose entry is still there, with that entry */
  declared: { id: string; entry: LeaseEntry }[];
}

const WORKERS = leaseKeys.worker("");
const GATEWAYS = leaseKeys.gateway("");

export function viewBoard(board: LeaseBoard, leases: Leases): BoardView {
  const view: BoardView = { workers: [], gateways: [], declared: [] };
  for (const { key, value, changedAt } of board.list(WORKERS)) {
    const leaseMs = leases.workers.of(key, value);
    view.workers.push({ id: key.slice(WORKERS.length), changedAt, leaseMs });
  }
  for (const entry of board.list(GATEWAYS)) {
    const { key, value, changedAt } = entry;
    const id = key.slice(GATEWAYS.length);
    if (gatewayBeatSchema.safeParse(value).data?.lost) view.declared.push({ id, entry });
    else view.gateways.push({ id, changedAt, leaseMs: leases.gateways.of(key, value) });
  }
  return view;
}
