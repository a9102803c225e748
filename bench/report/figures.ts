import { median, spread } from "../../chaos/report/stats.ts";
import type { Sample, Target } from "../scenario.ts";

/** One subject's figure over all its runs. */
export interface Cell {
  median: number;
  spread: [number, number];
}

/** The median of one subject's figure; NaN when it was not measured. */
export function figureOf(samples: readonly Sample[], subject: string, figure: string): number {
  return cellOf(samples, subject, figure)?.median ?? Number.NaN;
}

export function cellOf(samples: readonly Sample[], subject: string, figure: string): Cell | undefined {
  const values = valuesOf(samples, subject, figure);
  return values.length === 0 ? undefined : cellOfValues(values);
}

const cellOfValues = (values: readonly number[]): Cell => ({
  median: median(values),
  spread: spread(values),
});

/** One subject's figure, round by round. */
function valuesOf(samples: readonly Sample[], subject: string, figure: string): number[] {
  return samples
    .filter((sample) => sample.subject === subject)
    .flatMap(({ figures }) => figures[figure] ?? []);
}

/** The greatest of one subject's figure; NaN when it was not measured. For what must never be, a median says nothing. */
export function worstOf(samples: readonly Sample[], subject: string, figure: string): number {
  return cellOf(samples, subject, figure)?.spread[1] ?? Number.NaN;
}

/** What one subject's figure is held against: a number, or so many times another subject's in the same round. */
export type Bound = number | { subject: string; times?: number };

/** A target for the median of a figure, with the ratio to its bound in each round. */
export function targetOf(
  samples: readonly Sample[],
  {
    subject,
    figure,
    bound,
    ...target
  }: Pick<Target, "what" | "wants"> & { subject: string; figure: string; bound: Bound },
): Target {
  const ours = valuesOf(samples, subject, figure);
  const measured = figureOf(samples, subject, figure);
  if (typeof bound === "number")
    return { ...target, measured, bound, ratios: ours.map((value) => value / bound) };
  const { subject: other, times = 1 } = bound;
  const theirs = valuesOf(samples, other, figure);
  // A round that only one of them finished makes no pair, and which it was is not known here.
  const isPaired = ours.length === theirs.length;
  const ratios = isPaired ? ours.map((value, round) => value / ((theirs[round] ?? Number.NaN) * times)) : [];
  return { ...target, measured, bound: figureOf(samples, other, figure) * times, ratios };
}

export const ratioOf = ({ measured, bound }: Target): number => measured / bound;

/** A target without a measured figure is not met. */
export function isMet({ measured, wants, bound }: Target): boolean {
  return wants === "at most" ? measured <= bound : measured >= bound;
}

/** How far the rounds agree on a target. */
export interface Agreement {
  /** measured ÷ bound in the same round */
  ratio: Cell;
  rounds: number;
  /** in how many of them it was met */
  met: number;
  /** as likely are rounds that agree this much, or more, where the truth is the bound itself */
  chance: number;
}

/** Undefined for fewer than two rounds. */
export function agreementOf({ wants, ratios = [] }: Target): Agreement | undefined {
  const rounds = ratios.length;
  if (rounds < 2) return undefined;
  const met = ratios.filter((ratio) => (wants === "at most" ? ratio <= 1 : ratio >= 1)).length;
  return {
    ratio: cellOfValues(ratios),
    rounds,
    met,
    chance: signChance(Math.max(met, rounds - met), rounds),
  };
}

/** Whether some rounds met it and others did not: then the medians decide, and the next run may decide otherwise. */
export function isDisputed(target: Target): boolean {
  const agreement = agreementOf(target);
  return agreement !== undefined && agreement.met > 0 && agreement.met < agreement.rounds;
}

/** The sign test, both sides: at least `most` of `rounds` tosses of a coin fall on the same side. */
function signChance(most: number, rounds: number): number {
  let ways = 0;
  for (let heads = most; heads <= rounds; heads++) ways += choose(rounds, heads);
  return Math.min(1, (2 * ways) / 2 ** rounds);
}

function choose(from: number, count: number): number {
  let ways = 1;
  for (let n = 1; n <= count; n++) ways = (ways * (from - count + n)) / n;
  return ways;
}
