import type { Scenario } from "./scenario.ts";
import { connect } from "./scenarios/connect.ts";

/** Every scenario there is, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [connect];

/** Those with one of `parts` in their name; for none, all that do not stand apart. */
export function select(scenarios: readonly Scenario[], parts: readonly string[]): Scenario[] {
  if (parts.length === 0) return scenarios.filter(({ isApart }) => !isApart);
  const isNamed = ({ name }: Scenario) => parts.some((part) => name.includes(part));
  const named = scenarios.filter(isNamed);
  if (named.length === 0) throw new RangeError(`--only ${parts.join(",")}: no scenario has this in its name`);
  return named;
}
