import type { Gate } from "@meeshy/shared/nats/gate";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PartitionRules } from "../core/partition.ts";
import type { createTransition } from "../core/transition.ts";
import type { DatabaseWriter } from "../io/database-writer.ts";
import type { RecordLoader } from "../io/record-loader.ts";
import type { Refusals } from "../io/refusals.ts";
import type { ReportUnreadable } from "../io/unreadable.ts";
import type { WorkerMetrics } from "../metrics.ts";
import type { EpochKeeper } from "./epoch-keeper.ts";
import type { RoundTimer } from "./round-timer.ts";

/** What every partition of a worker shares. */
export interface HostDeps {
  workerId: string;
  bus: Bus;
  board: LeaseBoard;
  logger: Logger;
  metrics: WorkerMetrics;
  tracer: Tracer;
  report: ReportUnreadable;
  database: DatabaseWriter;
  /** bounds the acknowledged writes of all partitions together */
  writes: Gate;
  loader: RecordLoader;
  refusals: Refusals;
  epochs: EpochKeeper;
  rounds: RoundTimer;
  transition: ReturnType<typeof createTransition>;
  rules: PartitionRules & {
    workerLeaseMs: number;
    expireAfterMs: number;
    erasedKeptMs: number;
    recordKeptMs: number;
  };
}
