import { setTimeout as pause } from "node:timers/promises";
import type { Action } from "../oracle/history.ts";
import { processName } from "../stack/chaos-stack.ts";
import type { LinkState } from "../stack/link-state.ts";
import type { Links } from "../stack/links.ts";
import type { FaultPlan } from "./catalogue.ts";

type LinkAction = Exclude<Action, "kill" | "stop" | "fill">;

/** A third of what a busy gateway receives. */
const NARROW_BYTES_PER_SECOND = 20_000;

/** Holds the links of the targets in the state that the plan names, then mends them. */
export async function disturb(
  { action, component, delayMs, holdMs, name }: FaultPlan & { action: LinkAction },
  targets: readonly number[],
  links: Links,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (component === "nats" || component === "database") throw new Error(`${name}: ${component} has no link`);
  const names = targets.map((index) => processName(component, index));
  const setAll = (state: LinkState) => Promise.all(names.map((link) => links.set(link, state)));
  try {
    await setAll(stateFor(action, delayMs));
    await pause(holdMs, undefined, { signal });
  } finally {
    await setAll({ kind: "open" });
  }
  onEnded();
}

function stateFor(action: LinkAction, delayMs: number): LinkState {
  switch (action) {
    case "cut":
      return { kind: "cut" };
    case "freeze":
      return { kind: "frozen" };
    case "freeze-in":
      return { kind: "frozen-in" };
    case "freeze-out":
      return { kind: "frozen-out" };
    case "refuse":
      return { kind: "refused" };
    case "slow":
      return { kind: "slow", delayMs };
    case "narrow":
      return { kind: "narrow", bytesPerSecond: NARROW_BYTES_PER_SECOND };
  }
}
