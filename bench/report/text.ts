import { layOut } from "../../chaos/report/table.ts";
import type { Outcome, Scenario, Target } from "../scenario.ts";
import { agreementOf, cellOf, isDisputed, isMet, ratioOf } from "./figures.ts";

/** A scenario's figures as a person reads them: one line a subject, medians with their spread, then the targets. */
export function textOf({ name, title }: Scenario, { samples, targets, notes }: Outcome): string {
  const subjects = [...new Set(samples.map(({ subject }) => subject))];
  const figures = [...new Set(samples.flatMap((sample) => Object.keys(sample.figures)))];
  const rows = subjects.map((subject) => [
    subject,
    ...figures.map((figure) => {
      const cell = cellOf(samples, subject, figure);
      if (cell === undefined) return "-";
      const [least, greatest] = cell.spread.map(rounded);
      const middle = rounded(cell.median);
      return least === greatest ? middle : `${middle} (${least}–${greatest})`;
    }),
  ]);
  return [
    "",
    `${name}: ${title}`,
    "",
    layOut([["", ...figures], ...rows]),
    ...(notes.length > 0 ? ["", ...notes.map((note) => `  ${note}`)] : []),
    ...(targets.length > 0 ? ["", ...targets.map(lineOf)] : []),
  ].join("\n");
}

function lineOf(target: Target): string {
  const { what, measured, wants, bound } = target;
  const verdict = isMet(target) ? "met   " : "MISSED";
  const line = `  ${verdict} ${what}: ${rounded(measured)}, wanted ${wants} ${rounded(bound)} (× ${rounded(ratioOf(target))})`;
  const agreement = agreementOf(target);
  if (agreement === undefined) return line;
  const { ratio, rounds, met, chance } = agreement;
  const [least, greatest] = ratio.spread.map(rounded);
  return [
    line,
    [
      `         by round × ${rounded(ratio.median)} (${least}–${greatest}), met in ${met} of ${rounds}`,
      ...(isDisputed(target) ? ["the rounds disagree"] : []),
      `by chance alone: ${rounded(chance * 100)} %`,
    ].join("; "),
  ].join("\n");
}

/** Three digits that count; whole numbers from a hundred on. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
