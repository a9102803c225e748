import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Format } from "@meeshy/shared/versions";
import type { WorkerMetrics } from "../metrics.ts";

/**
 * Stored values that this release cannot read: each is counted and logged once. `revision`: its stream sequence;
 * `consequence`: what happens with it, for the operator.
 */
export type ReportUnreadable = (format: Format, key: string, revision: number, consequence: string) => void;

const REMEMBERED_AT_MOST = 10_000;

export function createUnreadableReport(
  metrics: Pick<WorkerMetrics, "unreadable">,
  logger: Logger,
): ReportUnreadable {
  const reported = new Set<string>();
  return (format, key, revision, consequence) => {
    const id = `${key} ${revision}`;
    if (reported.has(id)) return;
    if (reported.size >= REMEMBERED_AT_MOST) reported.clear();
    reported.add(id);
    metrics.unreadable(format);
    logger.error({ key, revision, consequence }, `${format} is not readable`);
  };
}
