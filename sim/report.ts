import type { Finding } from "./oracle/case-book.ts";
import type { SeedResult, TimelineLine } from "./run-seed.ts";

const DAY = 86_400_000;
const LINES = 40;
const FAULTS_BEFORE = 6;

const clock = (ms: number): string => {
  const days = Math.floor(ms / DAY);
  return `day ${days} ${new Date(ms % DAY).toISOString().slice(11, 23)}`;
};

/** What led to a finding: what happened to the person or process that it is about, and the last faults. */
export function minimalTimeline({ at, about }: Finding, timeline: readonly TimelineLine[]): string[] {
  const before = timeline.filter((line) => line.at <= at);
  const own = before.filter((line) => line.about === about).slice(-LINES / 2);
  const faults = before.filter(({ line }) => line.startsWith("fault: ")).slice(-FAULTS_BEFORE);
  const since = faults[0]?.at ?? 0;
  const lives = before.filter(
    (line) =>
      line.at >= since && (line.line.startsWith("over: ") || / (starts|serves|ends: .*)$/.test(line.line)),
  );
  const chosen = new Set([...own, ...faults, ...lives.slice(-LINES)]);
  return before
    .filter((line) => chosen.has(line))
    .slice(-LINES)
    .map((line) => `  ${clock(line.at)}  ${line.about}: ${line.line}`);
}

export function describeFinding(result: SeedResult): string {
  const [finding] = result.findings;
  if (finding === undefined) return "";
  const { rule, about, text, at } = finding;
  const days = Math.ceil((result.simulatedMs / DAY) * 1_000) / 1_000;
  return [
    `seed ${result.seed} (${result.profile}): ${rule}, ${about}, ${clock(at)}: ${text}`,
    ...minimalTimeline(finding, result.timeline),
    `  again: npm run test:sim -- --seed ${result.seed} --profile ${result.profile} --days ${days}`,
  ].join("\n");
}

export function describeResult({
  seed,
  profile,
  simulatedMs,
  cpuMs,
  statuses,
  faults,
  fingerprint,
  findings,
}: SeedResult): string {
  const time =
    profile === "calm"
      ? `${(simulatedMs / DAY).toFixed(1)} days`
      : `${(simulatedMs / 3_600_000).toFixed(2)} h`;
  const count = Object.values(faults).reduce((sum, times) => sum + times, 0);
  const verdict = findings.length === 0 ? "sound" : `${findings.length} findings`;
  return `seed ${seed} ${profile}: ${time} in ${(cpuMs / 1_000).toFixed(1)} s of CPU, ${count} faults, ${statuses} statuses, ${fingerprint}: ${verdict}`;
}
