import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { PARTITIONS, partitionOf } from "@meeshy/shared/subjects";
import { isPublisher } from "../core/outward.ts";
import type { LiveGateways } from "../log/live-gateways.ts";

/**
 * Which partitions' people this gateway publishes outward: one gateway publishes each, by rendezvous among those whose
 * heartbeats say that they follow the feed. What changes in partitions of others is kept in mind for a while: when one of
 * them is lost, its successor publishes what it may not have published any more.
 */
export interface OutwardShare {
  /** Whether a change of this person is to be published here; otherwise it is kept in mind. */
  takes(userId: string, change: OutwardChange): boolean;
  stop(): void;
}

export interface OutwardChange {
  /** The directory says something new of them: they may hide now, and readers have to be informed then. */
  isNews: boolean;
}

export interface OutwardShareDeps {
  bus: Pick<Bus, "clock" | "isUp">;
  gateways: Pick<LiveGateways, "outward">;
  gatewayId: () => string;
  /** A person's change that another gateway may have failed to publish is to be published here. */
  onTakenOver: (userId: string, change: OutwardChange) => void;
  /** Another gateway publishes what lies in the partition from now on. */
  onGivenUp: (partition: number) => void;
  logger: Logger;
}

const LOOK_EVERY_MS = 250;
/** In leases: a lost gateway is noticed within two. Kept are the changes of this time, at most twice that. */
const KEPT_LEASES = 3;
const MAX_PEOPLE = 100_000;

export function createOutwardShare(
  deps: OutwardShareDeps,
  { gatewayLeaseMs }: { gatewayLeaseMs: number },
): OutwardShare {
  const { bus, gateways, gatewayId, logger } = deps;
  const own = Array.from({ length: PARTITIONS }, () => false);
  /** by whom the shares were made out, this gateway first */
  let among = "";
  let others: readonly string[] | undefined;
  let recent = new Map<string, OutwardChange>();
  let before: typeof recent = new Map();

  const startNextPeriod = () => {
    before = recent;
    recent = new Map();
  };

  const takeOver = (gained: ReadonlySet<number>) => {
    for (const changes of [before, recent])
      for (const [userId, change] of changes) {
        if (!gained.has(partitionOf(userId))) continue;
        changes.delete(userId);
        deps.onTakenOver(userId, change);
      }
  };

  const review = () => {
    // Away from the bus, all others look lost.
    const ids = bus.isUp() ? gateways.outward() : (others ?? []);
    if (ids === others && among.startsWith(gatewayId())) return;
    others = ids;
    const now = [gatewayId(), ...ids].join(" ");
    if (now === among) return;
    among = now;
    const gained = new Set<number>();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const isOwn = isPublisher(gatewayId(), ids, partition);
      if (isOwn && !own[partition]) gained.add(partition);
      if (!isOwn && own[partition]) deps.onGivenUp(partition);
      own[partition] = isOwn;
    }
    takeOver(gained);
  };

  const timers = [
    bus.clock.every(LOOK_EVERY_MS, review),
    bus.clock.every(KEPT_LEASES * gatewayLeaseMs, startNextPeriod),
  ];

  return {
    takes(userId, change) {
      review();
      if (own[partitionOf(userId)]) return true;
      if (recent.size >= MAX_PEOPLE) {
        logger.warn(
          { people: recent.size },
          "changes that other gateways publish are kept for a shorter time",
        );
        startNextPeriod();
      }
      const earlier = recent.get(userId);
      if (!earlier?.isNews) recent.set(userId, change);
      return false;
    },
    stop() {
      for (const timer of timers) timer.cancel();
    },
  };
}
