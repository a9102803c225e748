import type { Finding } from "../oracle/finding.ts";
import { COLUMNS, type Column } from "../oracle/finding.ts";
import type { History } from "../oracle/history.ts";

/** One line of the table: everything between the injections of one kind of fault and whatever came next. */
export interface Line {
  name: string;
  injections: number;
  /** what clients did */
  deeds: number;
  /** statuses judged, those in snapshots included */
  statuses: number;
  findings: Record<Column, number>;
  recoveriesMs: number[];
}

/** The time before the first fault. */
const CALM = "none";

/** Splits a run at its injections: each moment belongs to the fault before it. */
export function linesOf(
  { faults, connections }: Pick<History, "faults" | "connections">,
  deeds: readonly { at: number }[],
  findings: readonly Finding[],
): Line[] {
  const lines = new Map<string, Line>();
  const lineOf = (name: string): Line => {
    const line = lines.get(name) ?? {
      name,
      injections: 0,
      deeds: 0,
      statuses: 0,
      findings: Object.fromEntries(COLUMNS.map((column) => [column, 0])) as Record<Column, number>,
      recoveriesMs: [],
    };
    lines.set(name, line);
    return line;
  };
  const lineAt = (at: number) => lineOf(faults.findLast(({ injectedAt }) => injectedAt <= at)?.name ?? CALM);

  lineOf(CALM);
  for (const { name, recoveryMs } of faults) {
    const line = lineOf(name);
    line.injections++;
    if (recoveryMs !== null) line.recoveriesMs.push(recoveryMs);
  }
  for (const { at } of deeds) lineAt(at).deeds++;
  for (const { received } of connections) {
    for (const one of received) {
      if (one.kind === "message") continue;
      lineAt(one.at).statuses += one.kind === "status" ? 1 : one.users.length;
    }
  }
  for (const { at, column } of findings) lineAt(at).findings[column]++;
  return [...lines.values()];
}

export const countStatuses = (lines: readonly Line[]): number =>
  lines.reduce((total, { statuses }) => total + statuses, 0);
