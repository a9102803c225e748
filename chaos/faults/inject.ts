import type { Fault } from "../oracle/history.ts";
import type { Random } from "../random.ts";
import type { ChaosStack } from "../stack/chaos-stack.ts";
import type { FaultPlan } from "./catalogue.ts";
import { fill } from "./fill.ts";
import { disturb } from "./links.ts";
import { kill, killOneProcess, pidsOf, stop, untilWhole } from "./processes.ts";

/** The stack that a fault hits. */
export type Victims = Pick<ChaosStack, "read" | "links" | "setRelease" | "smallStore" | "dataDir" | "log">;

export interface InjectDeps {
  stack: Victims;
  random: Random;
  /** the processes to hit, by their indices; those of the plan, by chance, without it */
  targets?: readonly number[];
  /** Called at once, with a record that `inject` completes. */
  onInjected(fault: Fault): void;
  signal: AbortSignal;
}

/** Injects a fault; resolves when those hit run again, with whole links and a broker that has room. */
export async function inject(plan: FaultPlan, deps: InjectDeps): Promise<void> {
  const { stack, random, signal } = deps;
  const every = [...pidsOf(plan.component, stack).keys()];
  const targets = deps.targets ?? (plan.all ? every : [random.pick(every)]);
  const { name, component, action, all, part, delayMs } = plan;
  if (part) await untilWhole(plan, targets, stack, signal);
  const fault: Fault = {
    ...{ name, component, action, all, part, delayMs, targets },
    injectedAt: performance.now(),
    endedAt: Number.POSITIVE_INFINITY,
    recoveryMs: null,
  };
  deps.onInjected(fault);
  const onEnded = () => {
    fault.endedAt = performance.now();
  };
  switch (action) {
    case "kill":
      return part
        ? killOneProcess(plan, targets, stack, random, onEnded, signal)
        : kill(plan, targets, stack, onEnded, signal);
    case "stop":
      return stop(plan, targets, stack, onEnded, signal);
    case "fill":
      return fill(plan, stack, onEnded, signal);
    default:
      return disturb({ ...plan, action }, targets, stack.links, onEnded, signal);
  }
}
