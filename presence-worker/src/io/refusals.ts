import type { Stored } from "@meeshy/shared/nats/follow";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { WorkerMetrics } from "../metrics.ts";
import type { Fault } from "./log-reader.ts";

/** Counts the messages of the log that could not be read, and logs one of each kind and publisher. */
export interface Refusals {
  unreadable(message: Stored, publisher: string | undefined, fault: Fault): void;
}

/** Kinds remembered at once; beyond that all are forgotten, and those that still come are logged once more. */
const KINDS = 1_000;

export function createRefusals(metrics: Pick<WorkerMetrics, "refused">, logger: Logger): Refusals {
  const logged = new Set<string>();
  return {
    unreadable({ seq, subject }, publisher, { kind, fault }) {
      metrics.refused("unreadable");
      const key = `${publisher} ${kind}`;
      if (logged.has(key)) return;
      if (logged.size >= KINDS) logged.clear();
      logged.add(key);
      logger.error({ seq, subject, publisher, kind, fault }, "not an event, set aside");
    },
  };
}
