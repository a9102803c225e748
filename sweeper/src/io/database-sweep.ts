import { type Epoch, epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { leaseKeys } from "@meeshy/shared/subjects";
import { isLater } from "@meeshy/shared/versions";
import type { createSafetyNet } from "./safety-net.ts";

/** When the database did not answer a sweep that cannot wait for the next one. */
const RETRY_MS = 1_000;

export interface DatabaseSweepDeps {
  clock: Clock;
  board: LeaseBoard;
  net: Pick<ReturnType<typeof createSafetyNet>, "sweep">;
  gatewayLeaseMs: number;
  logger: Logger;
}

/**
 * Sweeps the users whom the database holds online: those without activity each time, and all of them once after an
 * epoch began. With a lost log its connections are lost too: once gateways have had two leases to announce theirs, all
 * other users whom the database holds online are stale. Perhaps no sweeper was running when an epoch began, so the start
 * of this one counts too. A row that was written in this epoch is of a user whose partition knows them, and needs no look.
 */
export class DatabaseSweep {
  readonly #deps: DatabaseSweepDeps;
  /** when the sweep of all users is due, monotonic ms */
  #doubtsAllAt: number;
  #epoch: number | undefined;
  #isSweeping = false;

  constructor(deps: DatabaseSweepDeps) {
    this.#deps = deps;
    this.#doubtsAllAt = this.#announcedAfter();
    this.#epoch = this.#epochRevision();
    deps.board.onChange((key) => {
      const revision = this.#epochRevision();
      if (key !== leaseKeys.epoch || revision === this.#epoch) return;
      this.#epoch = revision;
      this.#doubtsAllAt = this.#announcedAfter();
    });
  }

  /** The sweep of all users is due. */
  isEveryoneDue(): boolean {
    return this.#deps.clock.now() >= this.#doubtsAllAt;
  }

  /** Does nothing while one is under way: a database that is slow is not asked for more. */
  async sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    await this.#sweepNow().finally(() => {
      this.#isSweeping = false;
    });
  }

  async #sweepNow(): Promise<void> {
    const { clock, net, logger } = this.#deps;
    const scope = this.isEveryoneDue() ? "everyone" : "stale";
    if (scope === "everyone") this.#doubtsAllAt = Number.POSITIVE_INFINITY;
    try {
      await net.sweep(scope, scope === "everyone" ? this.#readableEpoch() : undefined);
    } catch (error) {
      if (scope === "everyone") this.#doubtsAllAt = clock.now() + RETRY_MS;
      logger.warn({ err: error }, "the database cannot be swept, will try again");
    }
  }

  /** `undefined`: there is none that this release understands, so every row is looked at. */
  #readableEpoch(): Epoch | undefined {
    const value = this.#deps.board.get(leaseKeys.epoch)?.value;
    return isLater("epoch", value) ? undefined : epochSchema.safeParse(value).data;
  }

  #announcedAfter(): number {
    return this.#deps.clock.now() + 2 * this.#deps.gatewayLeaseMs;
  }

  #epochRevision(): number | undefined {
    return this.#deps.board.get(leaseKeys.epoch)?.revision;
  }
}
