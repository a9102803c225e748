import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";

/**
 * The lease board as far as this gateway can judge by it. Silence is held against a process only for time in which
 * heartbeats arrived here: without it everyone would look dead while NATS is away, stands still, or stores nothing.
 */
export interface BoardView {
  /** undefined: no heartbeats arrive, so nothing is known of who is alive */
  now(): BoardNow | undefined;
  stop(): void;
}

export interface BoardNow extends Pick<LeaseBoard, "get" | "list"> {
  /** until when heartbeats arrived, by this process's monotonic clock, ms: the moment to judge silence by */
  at: number;
}

export interface BoardViewDeps {
  bus: Pick<Bus, "clock" | "isUp" | "onChange">;
  board: Pick<LeaseBoard, "get" | "list" | "onChange">;
}

/** The own heartbeat comes back over the board, three in a lease of `gatewayLeaseMs`. */
export function createBoardView(
  { bus, board }: BoardViewDeps,
  { gatewayLeaseMs }: { gatewayLeaseMs: number },
): BoardView {
  const { clock } = bus;
  const longestPauseMs = gatewayLeaseMs / 2;
  let arrivingSince = clock.now();
  let at = Number.NEGATIVE_INFINITY;
  const isArriving = (now: number) => bus.isUp() && now - at < longestPauseMs;

  const forgetBoard = board.onChange(() => {
    const now = clock.now();
    if (!isArriving(now)) arrivingSince = now;
    at = now;
  });
  const forgetLink = bus.onChange(() => {
    at = Number.NEGATIVE_INFINITY;
  });

  return {
    now() {
      if (!isArriving(clock.now())) return undefined;
      return {
        at,
        get: board.get,
        list: (prefix) =>
          board
            .list(prefix)
            .map((entry) => ({ ...entry, changedAt: Math.max(entry.changedAt, arrivingSince) })),
      };
    },
    stop() {
      forgetBoard();
      forgetLink();
    },
  };
}
