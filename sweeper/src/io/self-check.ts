import type { Leases } from "@meeshy/shared/lease-length";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import { observe, type SelfCheckRules, type SelfCheckState } from "../core/self-check.ts";
import { type BoardView, viewBoard } from "./board-view.ts";

/** What this sweeper receives, and whether it may judge others by that. */
export interface SelfCheck {
  /** Looks at the board and the link now, and judges with all that was seen before. */
  look(): { view: BoardView; check: SelfCheckState };
  stop(): void;
}

/** `ownKey`: the lease entry under which this process beats, whose changes prove that it receives. */
export function createSelfCheck(
  { bus, board, leases }: { bus: Bus; board: LeaseBoard; leases: Leases },
  ownKey: string,
  rules: SelfCheckRules,
): SelfCheck {
  let check: SelfCheckState | undefined;
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
      check = observe(
        check,
        {
          now: bus.clock.now(),
          linkUp,
          ownBeatAt: board.get(ownKey)?.changedAt ?? null,
          workers: view.workers,
          gateways: view.gateways,
        },
        rules,
      );
      return { view, check };
    },
    stop: forget,
  };
}
