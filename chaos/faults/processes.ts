import { setTimeout as pause } from "node:timers/promises";
import type { Component } from "../oracle/history.ts";
import type { Random } from "../random.ts";
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

/** Process ids of everything of this kind. Throws where the launcher did not start the server. */
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
    if (pid === null) throw new Error(`${component}: not started by the launcher, so no fault can hit it`);
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

/** Resolves when each target, a gateway of several processes, has all of them, which serve. */
export function untilWhole(
  { name }: Pick<FaultPlan, "name">,
  targets: readonly number[],
  stack: Victims,
  signal: AbortSignal,
): Promise<void> {
  const isWhole = async (index: number) => {
    const { url, processes } = stack.read().gateways[index] ?? { url: "", processes: [] };
    return processes.length > 1 && (await isReady(url));
  };
  return until(name, async () => (await Promise.all(targets.map(isWhole))).every(Boolean), signal);
}

/** Kills one of the processes of each target, and waits until all of its gateway serve again. */
export async function killOneProcess(
  plan: FaultPlan,
  targets: readonly number[],
  stack: Victims,
  random: Random,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  const processes = () => targets.map((index) => stack.read().gateways[index]?.processes ?? []);
  const hit = processes().map((of) => random.pick(of).pid);
  signalAll(hit, "SIGKILL");
  const isListed = () => processes().some((of) => of.some(({ pid }) => hit.includes(pid)));
  await until(plan.name, async () => !isListed(), signal);
  await untilWhole(plan, targets, stack, signal);
  onEnded();
  await pause(plan.holdMs, undefined, { signal });
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Resolves when none of `dead` is listed as a process of its kind any more: each has a successor that serves. */
export function untilReplaced(
  name: string,
  component: Component,
  dead: readonly number[],
  stack: Victims,
  signal: AbortSignal,
): Promise<void> {
  return until(name, async () => !pidsOf(component, stack).some((pid) => dead.includes(pid)), signal);
}

async function until(name: string, isTrue: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + RESTART_WITHIN_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new NotRestarted(name);
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
