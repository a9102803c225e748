import { leaseKeys } from "@meeshy/shared/subjects";
import type { Partition } from "../core/partition.ts";
import type { OutOfStep } from "../core/publishers.ts";
import { reportOutOfStep } from "../io/gateway-commands.ts";
import type { HostDeps } from "./deps.ts";

/** Reports publishers that are out of step, and has the partition forget those that have ended. */
export class PublisherWatch {
  readonly #deps: Pick<HostDeps, "bus" | "board" | "metrics" | "logger">;
  readonly #id: number;
  readonly #partition: Partition;
  /** silent publishers that had no key on the board at the last look */
  #keyless: ReadonlySet<string> = new Set();

  constructor(
    deps: Pick<HostDeps, "bus" | "board" | "metrics" | "logger">,
    id: number,
    partition: Partition,
  ) {
    this.#deps = deps;
    this.#id = id;
    this.#partition = partition;
  }

  report(outOfStep: readonly OutOfStep[]): void {
    const { bus, metrics, logger } = this.#deps;
    for (const { publisher, expected } of outOfStep) {
      metrics.outOfStep();
      logger.error({ publisher, expected }, "publisher out of step: nothing of it is accepted");
      reportOutOfStep(bus, { publisher, partition: this.#id, expected });
    }
  }

  /** A gateway that ends removes its key; the board may lack one of the living for a moment, not at two looks in a row. */
  lookAtSilent(silent: readonly string[]): void {
    if (silent.length === 0) return;
    const missing = silent.filter((id) => this.#deps.board.get(leaseKeys.gateway(id)) === undefined);
    this.#partition.forget(missing.filter((id) => this.#keyless.has(id)));
    this.#keyless = new Set(missing);
  }
}
