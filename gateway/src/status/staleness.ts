import { toIso } from "@meeshy/shared/iso-time";
import { createLeaseLengths } from "@meeshy/shared/lease-length";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { PARTITIONS } from "@meeshy/shared/subjects";
import { observeService, type Service } from "../core/partition-service.ts";
import { findStaleness, type Patience, STALE_REASONS, type StaleReason } from "../core/staleness.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { EventLog } from "../log/event-log.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { type BoardNow, createBoardView } from "./board-view.ts";
import { unservedOn } from "./unserved-partitions.ts";

/** Why what viewers see may be out of date. */
export interface Stale {
  reason: StaleReason;
  /** ms since 1970 */
  since: number;
}

/** The payload of `presence:stale`. */
export const staleNotice = ({ since, reason }: Stale) => ({ since: toIso(since), reason });

/** Whether the whole service does its work, as far as this gateway can see (ADR 0016; CONTRACT 4, `presence:stale`). */
export interface Staleness {
  /** null: what viewers see is right */
  now(): Stale | null;
  /** Calls back when it begins to be out of date, and with null when it is right again; not when the reason changes. */
  onChange(listener: (stale: Stale | null) => void): void;
  /** Whether what this gateway writes is acknowledged in time. */
  isWritable(): boolean;
  /** Every reason, for people. */
  reasons(): string[];
  /** What every process says of itself; undefined: no heartbeats arrive, so nothing is known of them. */
  boardNow(): BoardNow | undefined;
  /** how many partitions no worker processes, as far as is known */
  unserved(): number;
  stop(): void;
}

export interface StalenessDeps {
  bus: Bus;
  board: LeaseBoard;
  feed: Pick<StatusFeed, "staleSince" | "onStale">;
  log: Pick<EventLog, "waitingSince">;
  metrics: GatewayMetrics;
  logger: Logger;
}

const LOOK_EVERY_MS = 200;
/** More than twice what a takeover or a restart takes. */
const UNSERVED_LEASES = 3;
const UNSERVED_LEAST_MS = 6_000;
const NAMED_AT_MOST = 8;

export function createStaleness(
  { bus, board, feed, log, metrics, logger }: StalenessDeps,
  { gatewayLeaseMs, workerLeaseMs }: { gatewayLeaseMs: number; workerLeaseMs: number },
): Staleness {
  const { clock } = bus;
  const boardView = createBoardView({ bus, board }, { gatewayLeaseMs });
  const patience: Patience = {
    unacknowledgedMs: gatewayLeaseMs,
    unservedMs: Math.max(UNSERVED_LEAST_MS, UNSERVED_LEASES * workerLeaseMs),
  };
  const leases = createLeaseLengths(workerLeaseMs, logger);
  const listeners: ((stale: Stale | null) => void)[] = [];
  let linkUpSince: number | null = bus.isUp() ? clock.now() : null;
  let service: Service | undefined;
  let found: ReadonlyMap<StaleReason, number> = new Map();
  let stale: Stale | null = null;

  const look = () => {
    const now = clock.now();
    const view = boardView.now();
    const unserved = view ? unservedOn(view, leases, view.at) : [];
    const seen = { now, isReceiving: view !== undefined, unserved };
    service = observeService(service, seen, { atFirstMs: patience.unservedMs + 1 });
    const feedSince = feed.staleSince();
    found = findStaleness(
      {
        now,
        linkUpSince,
        waitingSince: log.waitingSince(),
        feedStaleMs: feedSince === null ? null : clock.wall() - feedSince,
        unservedMs: Math.max(0, ...(service?.unserved.values() ?? [])),
      },
      patience,
    );
    for (const reason of STALE_REASONS) metrics.stale.set({ reason }, found.has(reason) ? 1 : 0);
    pass(found.entries().next().value);
  };

  const pass = (first: [StaleReason, number] | undefined) => {
    const before = stale;
    stale = first ? { reason: first[0], since: clock.wall() - first[1] } : null;
    if (stale !== null && before !== null) stale.since = Math.min(stale.since, before.since);
    if (before?.reason !== stale?.reason) {
      metrics.gatewayStale.set(stale ? 1 : 0);
      if (stale) logger.warn({ ...stale, reasons: reasons() }, "view of statuses may be out of date");
      else logger.info("view of statuses is right again");
    }
    if ((before === null) !== (stale === null)) for (const listener of listeners) listener(stale);
  };

  const reasons = (): string[] =>
    [...found].map(([reason, ms]) => describe(reason, ms, [...(service?.unserved.keys() ?? [])]));

  const timer = clock.every(LOOK_EVERY_MS, look);
  const forgetLink = bus.onChange((up) => {
    linkUpSince = up ? clock.now() : null;
  });
  const forgetBoard = board.onChange(() => {
    if (found.has("not-processing")) look();
  });
  void board.ready.then(look);
  feed.onStale(look);

  return {
    now: () => stale,
    onChange: (listener) => void listeners.push(listener),
    isWritable: () => !found.has("storage"),
    reasons,
    boardNow: boardView.now,
    unserved: () => service?.unserved.size ?? 0,
    stop() {
      timer.cancel();
      forgetLink();
      forgetBoard();
      boardView.stop();
    },
  };
}

function describe(reason: StaleReason, ms: number, partitions: readonly number[]): string {
  const seconds = Math.round(ms / 1_000);
  switch (reason) {
    case "storage":
      return `storage: what this gateway writes has not been acknowledged for ${seconds} s`;
    case "feed":
      return `feed: statuses have not been proved complete for ${seconds} s`;
    case "not-processing": {
      const named = partitions.slice(0, NAMED_AT_MOST).join(", ");
      const more = partitions.length > NAMED_AT_MOST ? ", …" : "";
      return `not-processing: ${partitions.length} of ${PARTITIONS} partitions are without a working owner (${named}${more})`;
    }
  }
}
