import { setTimeout as pause } from "node:timers/promises";
import type { Stack } from "@meeshy/shared/servers/stack";
import type { Fault } from "../oracle/history.ts";
import type { Random } from "../random.ts";
import type { FaultPlan } from "./catalogue.ts";
import { signalAll, treeOf } from "./process-tree.ts";

/** The processes that a fault may hit, as stack.json names them. */
type Victims = Pick<Stack, "gateways" | "workers" | "sweepers" | "nats" | "database">;

export interface InjectDeps {
  read(): Victims;
  random: Random;
  /** Called at once, with a record that `inject` completes. */
  onInjected(fault: Fault): void;
  signal: AbortSignal;
}

const LOOK_EVERY_MS = 50;
/** The launcher restarts what dies with growing pauses, of 10 s at most; a start takes seconds more. */
const RESTART_WITHIN_MS = 30_000;

/** The launcher did not bring a killed process back. */
class NotRestarted extends Error {
  constructor(name: string) {
    super(`${name}: not running again after ${RESTART_WITHIN_MS} ms`);
    this.name = "NotRestarted";
  }
}

/** Injects a fault; resolves when those hit run again: continued, or replaced and serving. */
export async function inject(plan: FaultPlan, deps: InjectDeps): Promise<void> {
  const pids = pidsOf(plan, deps.read());
  const every = [...pids.keys()];
  const targets = plan.all ? every : [deps.random.pick(every)];
  const hit = targets.map((index) => pids[index] as number);
  const { name, component, action, all } = plan;
  const tree = action === "stop" ? hit.flatMap(treeOf) : hit;
  const fault: Fault = {
    ...{ name, component, action, all, targets },
    injectedAt: performance.now(),
    endedAt: Number.POSITIVE_INFINITY,
    recoveryMs: null,
  };
  deps.onInjected(fault);
  if (action === "kill") {
    signalAll(tree, "SIGKILL");
    await untilReplaced(plan, hit, deps);
  } else {
    try {
      signalAll(tree, "SIGSTOP");
      await pause(plan.holdMs, undefined, { signal: deps.signal });
    } finally {
      signalAll(tree, "SIGCONT");
    }
  }
  fault.endedAt = performance.now();
}

function pidsOf(
  { component }: FaultPlan,
  { gateways, workers, sweepers, nats, database }: Victims,
): number[] {
  const services = {
    gateway: gateways,
    worker: workers,
    sweeper: sweepers,
    nats: [nats],
    database: [database],
  };
  return services[component].map(({ pid }) => {
    if (pid === null) throw new Error(`${component}: not ours to hit`);
    return pid;
  });
}

async function untilReplaced(
  plan: FaultPlan,
  dead: readonly number[],
  { read, signal }: InjectDeps,
): Promise<void> {
  const deadline = performance.now() + RESTART_WITHIN_MS;
  while (pidsOf(plan, read()).some((pid) => dead.includes(pid))) {
    if (performance.now() > deadline) throw new NotRestarted(plan.name);
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
