import { Gauge, type Registry } from "prom-client";
import { METRIC_PREFIX } from "../runtime/metrics.ts";
import type { Database } from "./client.ts";

/** Registers the figures of a process' connections to the database (CONTRACT 8). */
export function measurePool(
  registry: Registry,
  { pool }: { pool: Pick<Database["pool"], "totalCount" | "idleCount" | "waitingCount"> },
): void {
  const registers = [registry];
  new Gauge({
    name: `${METRIC_PREFIX}db_pool_connections`,
    help: "Open connections to the database: in use by a statement, or idle",
    labelNames: ["state"],
    registers,
    collect() {
      this.set({ state: "in_use" }, pool.totalCount - pool.idleCount);
      this.set({ state: "idle" }, pool.idleCount);
    },
  });
  new Gauge({
    name: `${METRIC_PREFIX}db_pool_waiting`,
    help: "Statements that wait for a connection to the database",
    registers,
    collect() {
      this.set(pool.waitingCount);
    },
  });
}
