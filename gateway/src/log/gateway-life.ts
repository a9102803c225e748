import type { GatewayBeat, UserEvent } from "@meeshy/shared/events";
import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { createLogPublisher } from "@meeshy/shared/nats/publisher";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { eventSubject, leaseKeys, partitionOf } from "@meeshy/shared/subjects";
import { coalesceKey } from "../core/collapse.ts";

/**
 * One life of this gateway in the log: an id, a publisher that numbers under it, and a heartbeat. A
 * sweeper that declares the id lost ends the life for good; the gateway goes on under a new one.
 */
export interface GatewayLife {
  readonly id: string;
  /** Resolves once the first beat is stored; nothing is in the log before. */
  readonly started: Promise<void>;
  /**
   * Resolves when the event, and all before it, are in the log, or a later one has superseded it; rejects
   * when the life ends first.
   */
  publish(userId: string, event: UserEvent, traceparent?: string): Promise<number>;
  backlog(): number;
  /** when the last stored beat was sent, monotonic ms; 0: never */
  lastBeatAt(): number;
  /** since when its oldest write, event or beat, waits for its acknowledgement; monotonic ms */
  waitingSince(): number | undefined;
  /** Gives up what is not in the log; `keepKey` leaves the heartbeat to be found silent. */
  end(options: { keepKey: boolean }): Promise<void>;
}

export interface LifeOptions {
  leaseMs: number;
  count: () => Pick<GatewayBeat, "connections" | "users" | "outward">;
  onLost: () => void;
  logger: Logger;
}

/** Beats in one lease: two may be lost without harm. */
const BEATS_PER_LEASE = 3;

export function beginLife(bus: Bus, board: LeaseBoard, options: LifeOptions): GatewayLife {
  const id = `gw-${bus.clock.id().replaceAll("-", "").slice(0, 12)}`;
  const logger = options.logger.child({ gatewayId: id });
  const heartbeat = createHeartbeat(bus, board, {
    key: leaseKeys.gateway(id),
    everyMs: options.leaseMs / BEATS_PER_LEASE,
    value: (beat): GatewayBeat => ({ beat, leaseMs: options.leaseMs, ...options.count() }),
    onForeign: options.onLost,
    logger,
  });
  // Waiting for the first beat makes sure that this life's end would be noticed.
  const publisher = createLogPublisher(bus, id, { startsAfter: heartbeat.started });
  return {
    id,
    started: heartbeat.started,
    async publish(userId, event, traceparent) {
      const target = { subject: eventSubject("gw", userId), partition: partitionOf(userId) };
      return publisher.publish(target, { event, traceparent }, coalesceKey(userId, event));
    },
    backlog: () => publisher.backlog(),
    lastBeatAt: heartbeat.lastStoredAt,
    waitingSince: () => earliest(publisher.waitingSince(), heartbeat.waitingSince()),
    async end({ keepKey }) {
      publisher.close();
      await heartbeat.stop({ keepKey });
    },
  };
}

const earliest = (...moments: (number | undefined)[]): number | undefined => {
  const known = moments.filter((moment) => moment !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};
