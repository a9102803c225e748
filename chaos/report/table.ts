import { COLUMNS } from "../oracle/finding.ts";
import type { Line } from "./lines.ts";
import { median } from "./stats.ts";

const HEAD = ["fault", "times", "events", "statuses", ...COLUMNS, "recovery median", "max"];

/** The table that a run prints; the last line sums up. */
export function tableOf(lines: readonly Line[]): string {
  const total: Line = {
    name: "total",
    injections: sum(lines, ({ injections }) => injections),
    deeds: sum(lines, ({ deeds }) => deeds),
    statuses: sum(lines, ({ statuses }) => statuses),
    findings: Object.fromEntries(
      COLUMNS.map((column) => [column, sum(lines, ({ findings }) => findings[column])]),
    ) as Line["findings"],
    recoveriesMs: lines.flatMap(({ recoveriesMs }) => recoveriesMs),
  };
  return layOut([HEAD, ...[...lines, total].map(cellsOf)]);
}

function cellsOf({ name, injections, deeds, statuses, findings, recoveriesMs }: Line): string[] {
  return [
    name,
    String(injections),
    String(deeds),
    String(statuses),
    ...COLUMNS.map((column) => String(findings[column])),
    seconds(recoveriesMs, median),
    seconds(recoveriesMs, (all) => Math.max(...all)),
  ];
}

const seconds = (ms: readonly number[], pick: (ms: readonly number[]) => number): string =>
  ms.length === 0 ? "-" : `${(pick(ms) / 1_000).toFixed(1)} s`;

/**
 * Columns as wide as their widest cell; names to the left, figures to the right. A library of tables would not be less
 * code: these lines are all that reports of ours use of one.
 */
export function layOut(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

const sum = <T>(items: readonly T[], figure: (item: T) => number): number =>
  items.reduce((total, item) => total + figure(item), 0);
