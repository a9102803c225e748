import { openNats } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { createLifecycle } from "@meeshy/shared/runtime/lifecycle";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { removeStandIns } from "@meeshy/shared/testing/stand-in-workers";
import { Registry } from "prom-client";
import { createWorker } from "../../presence-worker/src/app.ts";
import { quiet, type Servers } from "./harness.ts";

/** A real worker on the servers of a test, for what a gateway and a worker do together. */
export interface RunningWorker {
  /** Lets time pass in every partition, as a sweeper does. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

const RULES = { offlineThresholdMs: 300_000, graceMs: 0, multiDevice: "allow", replicas: 1 } as const;
const KEPT = { erasedKeptMs: 2_000, recordKeptMs: 2_000 };
const LEASES = { gatewayLeaseMs: 6_000, workerLeaseMs: 800 };

/** `rules`: other than those of the contract, except for the grace, which is 0. */
export async function startWorker(
  servers: Servers,
  rules: { connectionsMax?: number; offlineThresholdMs?: number; graceMs?: number } = {},
): Promise<RunningWorker> {
  await removeStandIns(servers.link);
  const lifecycle = createLifecycle(quiet);
  const link = await openNats(servers.nats.as("worker"), "worker", quiet);
  lifecycle.onStop("nats", () => link.close());
  const worker = await createWorker(
    {
      bus: link,
      registry: new Registry(),
      logger: quiet,
      store: servers.store,
    },
    { ...RULES, ...rules, ...KEPT, ...LEASES },
    lifecycle,
  );
  await eventually(() => worker.figures().partitions === PARTITIONS && worker.unready().length === 0, {
    what: "the worker owns every partition",
  });
  return {
    async tick() {
      const event = { type: "timeout", sweeperId: "test", elapsed: performance.now() };
      await Promise.all(
        Array.from({ length: PARTITIONS }, (_, p) =>
          servers.link.acks.publish(partitionSubject("sweep", p), toBytes({ event })),
        ),
      );
    },
    stop: () => lifecycle.stop(),
  };
}
