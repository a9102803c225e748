import type { ConsoleError } from "./failure.ts";
import { countText, lagText, listText, rangesOf, timeText } from "./format.ts";
import type { Partition, Processes, Readiness, Stats } from "./wire.ts";

/** What is known of the whole system, each undefined until it was read once. */
export interface Known {
  stats: Stats | undefined;
  readiness: Readiness | undefined;
  processes: Processes | undefined;
  /** of the last attempt to read any of these */
  failure: ConsoleError | undefined;
  /** why the database does not answer; undefined: it does */
  databaseFailure: ConsoleError | undefined;
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

/** A partition is late when messages have waited this long in it, ms. */
const LATE_MS = 5_000;
/** While there is work a checkpoint is written every 2 s: the lag of an older one is over. ms */
const CHECKPOINT_NEWS_MS = 6_000;

/** Whether messages wait in a partition that is processed. `now`: ms since 1970. */
export const isLate = ({ isServed, lagMs, checkpointAt }: Partition, now: number): boolean =>
  isServed &&
  (lagMs ?? 0) >= LATE_MS &&
  checkpointAt !== null &&
  now - Date.parse(checkpointAt) < CHECKPOINT_NEWS_MS;

/** For so long a silent process is a warning, ms: afterwards its work is done by others, or the partitions say so. */
const NEWS_MS = 60_000;

/**
 * Whether all is well, or what is not; the worst comes first. `now`: ms since 1970. The text changes only when
 * something has changed, since screen readers read it aloud then.
 */
export function judge(known: Known, now: number): WellBeing {
  const problems = [
    ...requestProblems(known),
    ...partitionProblems(known.processes, now),
    ...silenceProblems(known.processes, now),
    ...sweeperProblems(known.stats),
    ...databaseProblems(known),
  ];
  if (problems.length > 0) {
    const isBad = problems.some(({ level }) => level === "bad");
    const worstFirst = problems.toSorted((a, b) => rank(a) - rank(b));
    return { level: isBad ? "bad" : "warning", text: worstFirst.map(({ text }) => text).join(" ") };
  }
  if (!known.stats || !known.processes) return { level: "unknown", text: "Reading the state of the system." };
  const { partitions, workers } = known.processes;
  const alive = workers.filter(({ isSilent }) => !isSilent);
  const gone = silentProcesses(known.processes).length;
  return {
    level: "good",
    text: [
      `All is well: ${partitions.length} of ${partitions.length} partitions are processed by ${countText(alive.length, "worker")}.`,
      ...(gone > 0
        ? [`${countText(gone, "process", "processes")} ended or fell silent in the last minutes.`]
        : []),
    ].join(" "),
  };
}

const rank = ({ level }: Problem): number => (level === "bad" ? 0 : 1);

function requestProblems({ failure, readiness }: Known): Problem[] {
  if (failure) return [{ level: "bad", text: failure.message }];
  const reasons = readiness?.reasons ?? [];
  if (reasons.length === 0) return [];
  return [{ level: "bad", text: `This gateway is not ready: ${reasons.join("; ")}.` }];
}

function databaseProblems({ failure, databaseFailure }: Known): Problem[] {
  if (failure || !databaseFailure) return [];
  const text = `${databaseFailure.message} Statuses go on without it; lists and histories are those of before.`;
  return [{ level: "warning", text }];
}

function partitionProblems(processes: Processes | undefined, now: number): Problem[] {
  if (!processes) return [];
  const without = processes.partitions.filter(({ owner }) => owner === null);
  const still = processes.partitions.filter(({ owner, isServed }) => owner !== null && !isServed);
  const late = processes.partitions.filter((partition) => isLate(partition, now));
  return [
    ...about("bad", without, (is) => `${is("has", "have")} no owner`),
    ...about("bad", still, (is) => `${is("is", "are")} not processed by ${is("its owner", "their owners")}`),
    ...about(
      "warning",
      late,
      (is) =>
        `${is("was", "were")} up to ${lagText(Math.max(...late.map(({ lagMs }) => lagMs ?? 0)))} late at ${is("its", "their")} last checkpoint`,
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
  const numbers = listText(rangesOf(partitions.map(({ partition }) => partition)));
  const subject = isOne ? `Partition ${numbers}` : `${partitions.length} partitions (${numbers})`;
  return [{ level, text: `${subject} ${what((one, many) => (isOne ? one : many))}.` }];
}

function silenceProblems(processes: Processes | undefined, now: number): Problem[] {
  if (!processes) return [];
  const silent = silentProcesses(processes)
    .filter(({ lastBeatAt }) => now - Date.parse(lastBeatAt) < NEWS_MS)
    .map(({ name, lastBeatAt }): Problem => {
      return { level: "warning", text: `${name} is silent since ${timeText(lastBeatAt, now)}.` };
    });
  return processes.workers.some(({ isSilent }) => !isSilent)
    ? silent
    : [{ level: "bad", text: "No worker is alive." }, ...silent];
}

/** Those that were stopped in good order too: the board names them for ten minutes. */
function silentProcesses({ workers, gateways, sweepers }: Processes): { name: string; lastBeatAt: string }[] {
  return [
    ...workers.map((process) => ({ ...process, name: `Worker ${process.workerId}` })),
    ...gateways.map((process) => ({ ...process, name: `Gateway ${process.gatewayId}` })),
    ...sweepers.map((process) => ({ ...process, name: `Sweeper ${process.sweeperId}` })),
  ].filter(({ isSilent }) => isSilent);
}

function sweeperProblems(stats: Stats | undefined): Problem[] {
  if (stats?.sweeper.state !== "paused") return [];
  const reason = stats.sweeper.reason ? ` (${stats.sweeper.reason})` : "";
  return [{ level: "warning", text: `The sweeper is paused${reason}: no one times out meanwhile.` }];
}
