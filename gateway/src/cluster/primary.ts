import cluster from "node:cluster";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { createMetricsRegistry, METRIC_PREFIX } from "@meeshy/shared/runtime/metrics";
import { setupPrimary } from "@socket.io/cluster-adapter";
import { Counter, Gauge } from "prom-client";
import type { Question, Taken } from "./messages.ts";
import { placeToEnv } from "./place.ts";
import { createPortMetrics, metricsSnapshot } from "./port-metrics.ts";
import { createProcessSlot, type ProcessSlot } from "./process-slot.ts";

/** Above this many a core, processes only wait for each other. */
const PROCESSES_A_CORE_MAX = 4;
/** Within this time all processes have begun to stop, one after the other. */
const STOP_BEGUN_WITHIN_MS = 3_000;
const STOP_WITHIN_MS = 7_000;

/**
 * Several processes on one port (ADR 0017). The primary owns the port, which Node deals out connection by connection,
 * the processes, and the sums over them; it reads no byte of a client, and connects to nothing.
 * @throws {Error} a process ended before it served: what keeps it from serving keeps its successors too
 */
export async function runPrimary(
  { processes }: { processes: number },
  { logger, lifecycle }: { logger: Logger; lifecycle: Lifecycle },
): Promise<void> {
  const cores = availableParallelism();
  if (processes > PROCESSES_A_CORE_MAX * cores) {
    logger.warn({ processes, cores }, "GATEWAY_PROCESSES is more than four times the number of cores");
  }
  const directory = await mkdtemp(join(tmpdir(), "meeshy-gateway-"));
  lifecycle.onStop("directory of sockets", () => rm(directory, { recursive: true, force: true }));
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ serialization: "advanced" });
  setupPrimary();

  const slots = createSlots(processes, directory, logger);
  lifecycle.onStop("processes", () => stopOneByOne(slots));
  // The first one alone: what prevents it from serving is in the log once.
  const [first, ...others] = slots;
  await first?.start();
  await Promise.all(others.map((slot) => slot.start()));
  logger.info({ processes: slots.map(({ pid }) => pid) }, "all processes serve");
  for (const slot of slots) void slot.keep();
}

function createSlots(processes: number, directory: string, logger: Logger): ProcessSlot[] {
  const registry = createMetricsRegistry();
  const metrics = createPrimaryMetrics(registry);
  const port = createPortMetrics(registry);
  const slots: ProcessSlot[] = [];

  const unready = async (): Promise<string[]> => {
    const found = await Promise.all(
      slots.map(async (slot) => (await slot.unready()).map((reason) => `process ${slot.number}: ${reason}`)),
    );
    return found.flat();
  };
  const sum = async (): Promise<string> => {
    await Promise.all(
      slots.map(async (slot) => {
        const snapshot = await slot.metrics().catch(() => undefined);
        const read = metricsSnapshot.safeParse(snapshot);
        if (read.success) port.take(slot.number, read.data);
      }),
    );
    return port.sum();
  };
  const answers: Record<Question, () => Promise<unknown>> = { unready, metrics: sum };
  const passOn = (from: number, taken: Taken[]) => {
    for (const slot of slots) if (slot.number !== from) slot.report(taken);
  };

  const deps = {
    fork: (number: number) => cluster.fork(placeToEnv({ number, processes, directory })),
    answer: (what: Question) => answers[what](),
    onChange: () => {
      metrics.running.set(slots.filter(({ pid }) => pid !== undefined).length);
      // The launcher writes them into stack.json.
      const pids = slots.flatMap(({ pid }) => pid ?? []);
      if (process.connected) process.send?.({ primary: process.pid, processes: pids });
    },
    onEnd: ({ number }: ProcessSlot) => {
      metrics.ended.inc();
      void port.end(number);
    },
    logger,
  };
  for (let number = 1; number <= processes; number++) {
    slots.push(createProcessSlot(number, { ...deps, taken: (taken) => passOn(number, taken) }));
  }
  return slots;
}

function createPrimaryMetrics(registry: ReturnType<typeof createMetricsRegistry>) {
  const named = (name: string, help: string) => ({ name: METRIC_PREFIX + name, help, registers: [registry] });
  return {
    running: new Gauge(named("gateway_processes", "Processes of this port that run")),
    ended: new Counter(named("gateway_processes_ended_total", "Processes of this port that have ended")),
  };
}

/** Those that a process sends away come back to the next ones, as long as there are any. */
async function stopOneByOne(slots: readonly ProcessSlot[]): Promise<void> {
  const stopped: Promise<void>[] = [];
  const kill = setTimeout(() => {
    for (const slot of slots) slot.kill();
  }, STOP_WITHIN_MS);
  for (const slot of slots) {
    const ended = slot.stop();
    stopped.push(ended);
    const hurry = new AbortController();
    await Promise.race([
      ended,
      pause(STOP_BEGUN_WITHIN_MS / slots.length, undefined, { signal: hurry.signal }).catch(() => {}),
    ]);
    hurry.abort();
  }
  await Promise.all(stopped);
  clearTimeout(kill);
}
