import { AggregatorRegistry, type Registry } from "prom-client";
import { z } from "zod";

/** Metrics as prom-client writes them for other processes; the types of its own are those of living metrics. */
export const metricsSnapshot = z.array(z.looseObject({ name: z.string(), type: z.string() }));
type MetricsSnapshot = z.infer<typeof metricsSnapshot>;

/**
 * The metrics of a port: the sum over its processes. What a process that ended had counted stays in the sum, as of the
 * last time it was asked: a counter that went down would read as a restart, and as a burst of what the others had counted.
 */
export interface PortMetrics {
  /** A process has answered; `number` is its place. */
  take(number: number, metrics: MetricsSnapshot): void;
  /** A process has ended. */
  end(number: number): Promise<void>;
  /**
   * The sum, with the primary's own, as text.
   * @throws {Error} processes of several releases disagree on how a metric is summed up
   */
  sum(): Promise<string>;
}

const COUNTED = ["counter", "histogram"];
const snapshotOf = async (registry: Registry) => metricsSnapshot.parse(await registry.getMetricsAsJSON());

export function createPortMetrics(own: Registry): PortMetrics {
  const latest = new Map<number, MetricsSnapshot>();
  let ended: MetricsSnapshot = [];
  return {
    take(number, metrics) {
      latest.set(number, metrics);
    },
    async end(number) {
      const counted = (latest.get(number) ?? []).filter(({ type }) => COUNTED.includes(type));
      latest.delete(number);
      ended = await snapshotOf(AggregatorRegistry.aggregate([ended, counted]));
    },
    async sum() {
      const primary = await snapshotOf(own);
      return AggregatorRegistry.aggregate([...latest.values(), ended, primary]).metrics();
    },
  };
}
