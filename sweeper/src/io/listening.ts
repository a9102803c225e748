import type { Leases } from "@meeshy/shared/lease-length";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import { type GuardRules, type GuardState, observe } from "../core/deaf-guard.ts";
import { type BoardView, viewBoard } from "./board-view.ts";

/** What this sweeper hears, and what that is worth. */
export interface Listening {
  /** Looks at the board and the link now, and judges with all that was seen before. */
  look(): { view: BoardView; guard: GuardState };
  stop(): void;
}

/** `ownKey`: the lease entry under which this process beats, and by which it knows that it hears. */
export function createListening(
  { bus, board, leases }: { bus: Bus; board: LeaseBoard; leases: Leases },
  ownKey: string,
  rules: GuardRules,
): Listening {
  let guard: GuardState | undefined;
  // A break between two looks is a gap as well.
  let broke = false;
  const forget = bus.onChange((up) => {
    if (!up) broke = true;
  });
  return {
    look() {
      const view = viewBoard(board, leases);
      const linkUp = bus.isUp() && !broke;
      broke = false;
      guard = observe(
        guard,
        {
          now: bus.clock.now(),
          linkUp,
          ownBeatAt: board.get(ownKey)?.changedAt ?? null,
          workers: view.workers,
          gateways: view.gateways,
        },
        rules,
      );
      return { view, guard };
    },
    stop: forget,
  };
}
