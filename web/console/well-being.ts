import type { ConsoleError } from "./failure.ts";
import { countText, lagText, listText, timeText } from "./format.ts";
import type { Partition, Processes, Readiness, Stats } from "./wire.ts";

/** What is known of the whole system, each undefined until it was read once. */
export interface Known {
  stats: Stats | undefined;
  readiness: Readiness | undefined;
  processes: Processes | undefined;
  /** of the last attempt to read any of these */
  failure: ConsoleError | undefined;
}

export interface WellBeing {
  level: "good" | "warning" | "bad" | "unknown";
  /** one line */
  text: string;
}

interface Problem {
  level: "warning" | "bad";
  text: string;
}

/** A partition is late when messages wait this long in it, ms. */
export const LATE_MS = 5_000;

/**
 * Whether all is well, or what is not; the worst comes first. `now`: ms since 1970. The text changes only when
 * something has changed, since screen readers read it aloud then.
 */
export function judge(known: Known, now: number): WellBeing {
  const problems = [
    ...requestProblems(known),
    ...partitionProblems(known.processes),
    ...silenceProblems(known.processes, now),
    ...sweeperProblems(known.stats),
  ];
  if (problems.length > 0) {
    const isBad = problems.some(({ level }) => level === "bad");
    const worstFirst = problems.toSorted((a, b) => rank(a) - rank(b));
    return { level: isBad ? "bad" : "warning", text: worstFirst.map(({ text }) => text).join(" ") };
  }
  if (!known.stats || !known.processes) return { level: "unknown", text: "Reading the state of the system." };
  const { partitions, workers } = known.processes;
  return {
    level: "good",
    text: `All is well: ${partitions.length} of ${partitions.length} partitions are processed by ${countText(workers.length, "worker")}.`,
  };
}

const rank = ({ level }: Problem): number => (level === "bad" ? 0 : 1);

function requestProblems({ failure, readiness }: Known): Problem[] {
  if (failure) return [{ level: "bad", text: failure.message }];
  const reasons = readiness?.reasons ?? [];
  if (reasons.length === 0) return [];
  return [{ level: "bad", text: `This gateway is not ready: ${reasons.join("; ")}.` }];
}

function partitionProblems(processes: Processes | undefined): Problem[] {
  if (!processes) return [];
  const without = processes.partitions.filter(({ owner }) => owner === null);
  const still = processes.partitions.filter(({ owner, isServed }) => owner !== null && !isServed);
  const late = processes.partitions.filter(({ isServed, lagMs }) => isServed && (lagMs ?? 0) >= LATE_MS);
  return [
    ...about("bad", without, (is) => `${is("has", "have")} no owner`),
    ...about("bad", still, (is) => `${is("is", "are")} not processed by ${is("its owner", "their owners")}`),
    ...about(
      "warning",
      late,
      (is) =>
        `${is("is", "are")} late, by up to ${lagText(Math.max(...late.map(({ lagMs }) => lagMs ?? 0)))}`,
    ),
  ];
}

function about(
  level: Problem["level"],
  partitions: readonly Partition[],
  what: (is: (one: string, many: string) => string) => string,
): Problem[] {
  if (partitions.length === 0) return [];
  const isOne = partitions.length === 1;
  const numbers = listText(partitions.map(({ partition }) => partition));
  const subject = isOne ? `Partition ${numbers}` : `${partitions.length} partitions (${numbers})`;
  return [{ level, text: `${subject} ${what((one, many) => (isOne ? one : many))}.` }];
}

function silenceProblems(processes: Processes | undefined, now: number): Problem[] {
  if (!processes) return [];
  const { workers, gateways, sweepers } = processes;
  const all = [
    ...workers.map((process) => ({ ...process, name: `Worker ${process.workerId}` })),
    ...gateways.map((process) => ({ ...process, name: `Gateway ${process.gatewayId}` })),
    ...sweepers.map((process) => ({ ...process, name: `Sweeper ${process.sweeperId}` })),
  ];
  const silent = all
    .filter(({ isSilent }) => isSilent)
    .map(({ name, lastBeatAt }): Problem => {
      const since = lastBeatAt === null ? "" : ` since ${timeText(lastBeatAt, now)}`;
      return { level: "warning", text: `${name} is silent${since}.` };
    });
  return workers.some(({ isSilent }) => !isSilent)
    ? silent
    : [{ level: "bad", text: "No worker is alive." }, ...silent];
}

function sweeperProblems(stats: Stats | undefined): Problem[] {
  if (stats?.sweeper.state !== "paused") return [];
  const reason = stats.sweeper.reason ? ` (${stats.sweeper.reason})` : "";
  return [{ level: "warning", text: `The sweeper is paused${reason}: no one times out meanwhile.` }];
}
