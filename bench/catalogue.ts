import type { Scenario } from "./scenario.ts";
import { activity } from "./scenarios/activity.ts";
import { closedLoop } from "./scenarios/closed-loop.ts";
import { connect } from "./scenarios/connect.ts";
import { fanOut } from "./scenarios/fan-out.ts";
import { fsync } from "./scenarios/fsync.ts";
import { kill9 } from "./scenarios/kill-9.ts";
import { memory } from "./scenarios/memory.ts";
import { million } from "./scenarios/million.ts";
import { natsVersions } from "./scenarios/nats-versions.ts";
import { processes } from "./scenarios/processes.ts";
import { recovery } from "./scenarios/recovery.ts";
import { restart } from "./scenarios/restart.ts";
import { stateStep } from "./scenarios/state-step.ts";
import { storm } from "./scenarios/storm.ts";
import { worker } from "./scenarios/worker.ts";

/** Every scenario there is, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  connect,
  closedLoop,
  fanOut,
  processes,
  stateStep,
  worker,
  memory,
  restart,
  storm,
  activity,
  recovery,
  kill9,
  fsync,
  natsVersions,
  million,
];

/** Those with one of `parts` in their name; for none, all that do not stand apart. */
export function select(scenarios: readonly Scenario[], parts: readonly string[]): Scenario[] {
  if (parts.length === 0) return scenarios.filter(({ isApart }) => !isApart);
  const isNamed = ({ name }: Scenario) => parts.some((part) => name.includes(part));
  const named = scenarios.filter(isNamed);
  if (named.length === 0) throw new RangeError(`--only ${parts.join(",")}: no scenario has this in its name`);
  return named;
}
