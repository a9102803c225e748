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
  const values = samples
    .filter((sample) => sample.subject === subject)
    .flatMap(({ figures }) => figures[figure] ?? []);
  return values.length === 0 ? undefined : { median: median(values), spread: spread(values) };
}

export const ratioOf = ({ measured, bound }: Target): number => measured / bound;

/** A target without a measured figure is not met. */
export function isMet({ measured, wants, bound }: Target): boolean {
  return wants === "at most" ? measured <= bound : measured >= bound;
}
