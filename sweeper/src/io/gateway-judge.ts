import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys } from "@meeshy/shared/subjects";
import { lostGateways } from "../core/lost-gateways.ts";
import { receivingSince, type Verdict } from "../core/self-check.ts";
import type { SweeperMetrics } from "../metrics.ts";
import type { createLostGateways } from "./lost-gateway.ts";
import type { createSelfCheck } from "./self-check.ts";

export interface GatewayJudgeDeps {
  board: LeaseBoard;
  selfCheck: ReturnType<typeof createSelfCheck>;
  lost: ReturnType<typeof createLostGateways>;
  metrics: Pick<SweeperMetrics, "paused">;
  logger: Logger;
}

/** Looks at the board, decides whether this process may judge others by it, and declares silent gateways lost. */
export class GatewayJudge {
  readonly #deps: GatewayJudgeDeps;
  #verdict: Verdict = { state: "paused", reason: "starting" };

  constructor(deps: GatewayJudgeDeps) {
    this.#deps = deps;
  }

  /** As of the last look. */
  verdict(): Verdict {
    return this.#verdict;
  }

  isRunning(): boolean {
    return this.#verdict.state === "running";
  }

  look(): ReturnType<GatewayJudgeDeps["selfCheck"]["look"]> {
    const { selfCheck, metrics, logger } = this.#deps;
    const seen = selfCheck.look();
    const next = seen.check.verdict;
    if (next.state !== this.#verdict.state) logger.info(next, `sweeper ${next.state}`);
    this.#verdict = next;
    metrics.paused.set(this.isRunning() ? 0 : 1);
    return seen;
  }

  judge(): void {
    const { board, lost } = this.#deps;
    const { view, check } = this.look();
    // What a sweeper has declared is decided: any sweeper may finish it, whatever its self-check says.
    for (const { id, entry } of view.declared) void lost.finish(id, entry);
    if (!this.isRunning()) return;
    const silent = lostGateways({
      now: check.observedAt,
      receivingSince: receivingSince(check),
      gateways: view.gateways,
    });
    for (const id of silent) {
      const entry = board.get(leaseKeys.gateway(id));
      if (entry) void lost.declare(id, entry);
    }
  }
}
