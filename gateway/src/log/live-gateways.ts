import { gatewayBeatSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Clock } from "@meeshy/shared/ports/clock";
import { leaseKeys } from "@meeshy/shared/subjects";

/** The gateways that work now, as their heartbeats say: not declared lost, and heard of within a lease. */
export interface LiveGateways {
  /** Whether there is another one than this. */
  hasOther(gatewayId: string): boolean;
  /** The ids of those that pass statuses on to readers of other teams; the same array until the next look. */
  outward(): readonly string[];
}

/** A look goes through every lease and heartbeat: what happens thousands of times a second shares one. */
const LOOK_EVERY_MS = 250;
const GATEWAYS = leaseKeys.gateway("");

interface Look {
  at: number;
  ids: readonly string[];
  outward: readonly string[];
}

export function createLiveGateways(
  board: Pick<LeaseBoard, "list">,
  clock: Pick<Clock, "now">,
  { gatewayLeaseMs: leaseMs }: { gatewayLeaseMs: number },
): LiveGateways {
  let last: Look = { at: Number.NEGATIVE_INFINITY, ids: [], outward: [] };

  const look = (): Look => {
    const at = clock.now();
    if (at - last.at < LOOK_EVERY_MS) return last;
    const live = board.list(GATEWAYS).flatMap(({ key, value, changedAt }) => {
      const beat = gatewayBeatSchema.safeParse(value).data;
      const isLive = at - changedAt < leaseMs && beat?.lost !== true;
      return isLive ? [{ id: key.slice(GATEWAYS.length), isOutward: beat?.outward === true }] : [];
    });
    const outward = live.filter(({ isOutward }) => isOutward);
    last = { at, ids: live.map(({ id }) => id), outward: outward.map(({ id }) => id) };
    return last;
  };

  return {
    hasOther: (gatewayId) => look().ids.some((id) => id !== gatewayId),
    outward: () => look().outward,
  };
}
