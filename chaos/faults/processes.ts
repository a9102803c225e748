import { setTimeout as pause } from "node:timers/promises";
import type { Component } from "../oracle/history.ts";
import { processName } from "../stack/chaos-stack.ts";
import type { FaultPlan } from "./catalogue.ts";
import type { Victims } from "./inject.ts";
import { signalAll, treeOf } from "./process-tree.ts";

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

/** Process ids of everything of this kind. Throws where a server is somebody else's. */
export function pidsOf(component: Component, { read }: Pick<Victims, "read">): number[] {
  const { gateways, workers, sweepers, nats, database } = read();
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

const hitBy = (component: Component, targets: readonly number[], stack: Victims): number[] => {
  const pids = pidsOf(component, stack);
  return targets.map((index) => pids[index] as number);
};

/** Kills, and waits until the successors serve, of the release that the plan names, and have run for a while. */
export async function kill(
  plan: FaultPlan,
  targets: readonly number[],
  stack: Victims,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { component, name, release, holdMs } = plan;
  if (component !== "nats" && component !== "database") {
    for (const index of targets) stack.setRelease(processName(component, index), release);
  }
  const hit = hitBy(component, targets, stack);
  signalAll(hit, "SIGKILL");
  await untilReplaced(name, component, hit, stack, signal);
  onEnded();
  await pause(holdMs, undefined, { signal });
}

export async function stop(
  { component, holdMs }: FaultPlan,
  targets: readonly number[],
  stack: Victims,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  const tree = hitBy(component, targets, stack).flatMap(treeOf);
  try {
    signalAll(tree, "SIGSTOP");
    await pause(holdMs, undefined, { signal });
  } finally {
    signalAll(tree, "SIGCONT");
  }
  onEnded();
}

/** Resolves when none of `dead` is listed as a process of its kind any more: each has a successor that serves. */
export async function untilReplaced(
  name: string,
  component: Component,
  dead: readonly number[],
  stack: Victims,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + RESTART_WITHIN_MS;
  while (pidsOf(component, stack).some((pid) => dead.includes(pid))) {
    if (performance.now() > deadline) throw new NotRestarted(name);
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
