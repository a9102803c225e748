import { type Epoch, epochSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream } from "@meeshy/shared/nats/streams";
import { type Bus, isConflict } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";
import { isLater, versioned } from "@meeshy/shared/versions";
import type { ReportUnreadable } from "../io/unreadable.ts";

/** The entry of the bucket that a decision is based on. */
export interface Basis {
  /** 0: there is none */
  revision: number;
  /** {@link LeaseBoard.bucket} */
  bucket: string | undefined;
}

export interface KnownEpochDeps {
  bus: Pick<Bus, "info">;
  board: LeaseBoard;
  report: ReportUnreadable;
  logger: Logger;
}

/** The epoch that the lease bucket names, and the latest that this process has seen there. */
export class KnownEpoch {
  readonly #bus: Pick<Bus, "info">;
  readonly #board: LeaseBoard;
  readonly #report: ReportUnreadable;
  readonly #logger: Logger;
  #latest: Epoch | undefined;

  constructor({ bus, board, report, logger }: KnownEpochDeps) {
    this.#bus = bus;
    this.#board = board;
    this.#report = report;
    this.#logger = logger;
  }

  /** The epoch in the bucket, right or not; null: nothing that can be read. */
  named(): Epoch | null {
    return epochSchema.safeParse(this.#board.get(leaseKeys.epoch)?.value).data ?? null;
  }

  /** `undefined` while the bucket names an older epoch than was seen, or none: then it was lost. */
  current(): Epoch | undefined {
    const epoch = this.named();
    if (epoch === null || epoch.epoch < (this.#latest?.epoch ?? 0)) return undefined;
    this.#latest = epoch;
    return epoch;
  }

  /** The last one that {@link current} gave. */
  latest(): Epoch | undefined {
    return this.#latest;
  }

  /** Of the epoch on which a decision is based: of several processes that decide, one writes. */
  basis(): Basis {
    return { revision: this.#board.get(leaseKeys.epoch)?.revision ?? 0, bucket: this.#board.bucket() };
  }

  /** Names the next epoch, unless the key has changed since `basis`, or is one of a bucket that was made anew since. */
  async write(epoch: Epoch, reason: string, { revision, bucket }: Basis): Promise<void> {
    const { created } = await this.#bus.info(bucketStream(BUCKET_LEASES));
    if (created !== bucket) {
      this.#logger.debug({ ...epoch, reason }, "no epoch begun: the leases are read anew first");
      return;
    }
    if (isLater("epoch", this.#board.get(leaseKeys.epoch)?.value)) {
      const consequence = `a later release begins the next epoch: ${reason}`;
      this.#report("epoch", leaseKeys.epoch, revision, consequence);
      return;
    }
    try {
      await this.#board.put(leaseKeys.epoch, versioned("epoch", epoch), revision);
      this.#logger.warn({ ...epoch, reason }, "a new epoch begins");
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
