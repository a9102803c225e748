import { parseArgs } from "node:util";
import { layOut } from "../chaos/report/table.ts";
import { CORPUS, DAY, type Job } from "./corpus.ts";
import { PLANTED_FAULTS, type PlantedFault } from "./planted/faults.ts";
import { runJobs } from "./pool.ts";
import { describeFinding, describeResult } from "./report.ts";
import type { SeedResult } from "./run-seed.ts";

/**
 * `npm run test:sim`: the corpus. `--seed N --days D`: one world, and its whole timeline with `--verbose`.
 * `--hours H`: random seeds until the time is up. `--planted`: each known fault put back, one at a time.
 * Exit code 1: something was found, or a planted fault was not.
 */
const LANES = 2;
const HOUR = 3_600_000;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const { values } = parseArgs({
  options: {
    seed: text,
    days: text,
    profile: text,
    hours: text,
    faults: text,
    planted: flag,
    only: text,
    verbose: flag,
    all: flag,
  },
});

async function runAll(jobs: Iterable<Job>, planted?: PlantedFault): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  await runJobs(jobs[Symbol.iterator]() as Iterator<Job, undefined>, {
    lanes: LANES,
    planted: planted?.name,
    onResult(result) {
      results.push(result);
      console.log(describeResult(result));
      if (result.findings.length > 0) console.log(describeFinding(result));
      list(result);
      return !result.findings.some(({ rule }) => planted?.shows.includes(rule));
    },
  });
  return results;
}

/** All that was found, one line each. */
function list({ findings }: SeedResult): void {
  if (!values.all) return;
  for (const { rule, about, at, text } of findings)
    console.log(`  ${(at / 1_000).toFixed(1)} s ${rule}, ${about}: ${text}`);
}

async function runOne(seed: number): Promise<number> {
  const profile = values.profile === "calm" ? "calm" : "storm";
  const lastsMs = Number(values.days ?? (profile === "calm" ? 28 : 1 / 24)) * DAY;
  const isVerbose = values.verbose === true;
  const job = {
    profile,
    seed,
    lastsMs,
    isVerbose,
    only: values.faults,
    stopsAtFinding: !values.all,
  } as const;
  let found = 0;
  await runJobs([job][Symbol.iterator]() as Iterator<Job, undefined>, {
    lanes: 1,
    onResult(result) {
      found = result.findings.length;
      if (isVerbose)
        for (const { at, about, line } of result.timeline)
          console.log(`${(at / 1_000).toFixed(3)} ${about}: ${line}`);
      console.log(describeResult(result));
      if (found > 0) console.log(describeFinding(result));
      list(result);
      return true;
    },
  });
  return found === 0 ? 0 : 1;
}

async function runFor(hours: number): Promise<number> {
  const until = Date.now() + hours * HOUR;
  const first = Math.floor(Math.random() * 2 ** 31);
  function* endless(): Generator<Job, undefined> {
    for (let index = 0; Date.now() < until; index++) {
      const like = CORPUS[(index * 5) % CORPUS.length] as Job;
      yield { ...like, seed: first + index };
    }
    return undefined;
  }
  const results = await runAll(endless());
  return conclude(results);
}

function conclude(results: readonly SeedResult[]): number {
  const days = results.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / DAY;
  const seconds = results.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000;
  const faulty = results.filter(({ findings }) => findings.length > 0);
  console.log(
    `${days.toFixed(0)} days in ${seconds.toFixed(0)} s of CPU (${((days / seconds) * 60).toFixed(0)} a minute), ${results.length - faulty.length} of ${results.length} seeds sound`,
  );
  return faulty.length === 0 ? 0 : 1;
}

async function plant(fault: PlantedFault): Promise<SeedResult | undefined> {
  const jobs = CORPUS.filter(({ profile }) => profile === fault.profile);
  const results = await runAll(jobs, fault);
  return results.find(({ findings }) => findings.some(({ rule }) => fault.shows.includes(rule)));
}

async function plantAll(only: string): Promise<number> {
  const rows: string[][] = [];
  for (const fault of PLANTED_FAULTS.filter(({ name }) => name.includes(only))) {
    console.log(`planted: ${fault.name}`);
    const result = await plant(fault);
    const finding = result?.findings.find(({ rule }) => fault.shows.includes(rule));
    rows.push([
      fault.name,
      result ? `${result.profile} ${result.seed}` : "-",
      finding?.rule ?? "-",
      finding
        ? fault.profile === "calm"
          ? `${(finding.at / DAY).toFixed(1)} days`
          : `${(finding.at / 1_000).toFixed(0)} s`
        : "-",
      finding ? "found" : "NOT FOUND",
    ]);
  }
  console.log(layOut([["planted", "seed", "rule", "after", "verdict"], ...rows]));
  return rows.every((row) => row.at(-1) === "found") ? 0 : 1;
}

if (values.planted) process.exitCode = await plantAll(values.only ?? "");
else if (values.seed !== undefined) process.exitCode = await runOne(Number(values.seed));
else if (values.hours !== undefined) process.exitCode = await runFor(Number(values.hours));
else
  process.exitCode = conclude(await runAll(CORPUS.map((job) => ({ ...job, stopsAtFinding: !values.all }))));
