import { availableParallelism, loadavg } from "node:os";
import { COLUMNS, type Finding } from "../oracle/finding.ts";
import type { Result } from "../run.ts";
import type { LongTurn } from "../stack/long-turns.ts";
import { countStatuses } from "./lines.ts";
import { tableOf } from "./table.ts";
import { timelineOf } from "./timeline.ts";

const MOST_FINDINGS = 30;
const MOST_LONG_TURNS = 5;

/** Why a run is no success; empty when it is one. A run that injected or checked nothing proves nothing. */
export function breachesOf({ lines, findings }: Pick<Result, "lines" | "findings">): string[] {
  return [
    ...(findings.length === 0 ? [] : [`${findings.length} findings`]),
    ...(lines.some(({ injections }) => injections > 0) ? [] : ["no fault was injected"]),
    ...(countStatuses(lines) > 0 ? [] : ["no status was checked"]),
  ];
}

/** A run as a person reads it: the table, the first findings, and the timeline of one of each kind. */
export function textOf(result: Result, seed: number, seconds: number): string {
  const { lines, findings, notInjected, longestStallMs, longTurns } = result;
  const breaches = breachesOf(result);
  const more = findings.length - MOST_FINDINGS;
  return [
    "",
    tableOf(lines),
    "",
    ...findings.slice(0, MOST_FINDINGS).map(lineOf),
    ...(more > 0 ? [`and ${more} more (--json writes all)`] : []),
    ...timelinesOf(result),
    ...(notInjected.length > 0 ? [`not injected for want of time: ${notInjected.join(", ")}`] : []),
    `seed ${seed}, ${seconds} s; the driver stood still for ${Math.round(longestStallMs)} ms at most, load ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`,
    busyText(longTurns),
    breaches.length === 0 ? "nothing lost, nothing false" : `FAILED: ${breaches.join(", ")}`,
  ].join("\n");
}

/** What else may be wrong where a finding has no fault that explains it: services answer nothing meanwhile. */
export function busyText(longTurns: readonly LongTurn[]): string {
  if (longTurns.length === 0) return "no service was busy with one thing for long";
  const some = longTurns
    .slice(0, MOST_LONG_TURNS)
    .map(
      ({ process, pid, cpuMs, ageMs }) =>
        `${process} (${pid}) for ${Math.round(cpuMs)} ms, ${(ageMs / 1_000).toFixed(1)} s after its start`,
    );
  return `services were busy with one thing for long ${longTurns.length} times: ${some.join("; ")}`;
}

const lineOf = ({ at, column, text }: Finding): string =>
  `${column} at ${(at / 1_000).toFixed(3)} s: ${text}`;

function timelinesOf({ findings, evidence: { history, transitions } }: Result): string[] {
  return COLUMNS.flatMap((column) => {
    const first = findings.find((finding) => finding.column === column && finding.about !== null);
    if (!first?.about) return [];
    const lines = timelineOf(first.about, first.at, history, transitions);
    return ["", `${first.about} around ${lineOf(first)}`, ...lines.map((line) => `  ${line}`), ""];
  });
}
