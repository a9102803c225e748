import { scheduleFaults } from "./faults/schedule.ts";
import type { Finding } from "./oracle/case-book.ts";
import { createOracle } from "./oracle/oracle.ts";
import { populate } from "./world/population.ts";
import { CALM, STORM } from "./world/profile.ts";
import { createWorld } from "./world/world.ts";

/** One world from its beginning to its end. */
export interface SeedOptions {
  seed: number;
  profile: "storm" | "calm";
  /** simulated time, ms */
  lastsMs: number;
  /** names of the faults to choose from, separated by commas; undefined: all */
  only?: string | undefined;
  isVerbose?: boolean;
  /** Ends with the first finding. */
  stopsAtFinding: boolean;
}

export interface TimelineLine {
  at: number;
  about: string;
  line: string;
}

export interface SeedResult {
  seed: number;
  profile: "storm" | "calm";
  simulatedMs: number;
  fingerprint: string;
  findings: Finding[];
  timeline: TimelineLine[];
  faults: Record<string, number>;
  statuses: number;
  cpuMs: number;
}

/** Lines that are kept of a run: the last ones. */
const TIMELINE = 100_000;

export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const began = process.cpuUsage();
  const profile = options.profile === "calm" ? CALM : STORM;
  let timeline: TimelineLine[] = [];
  const world = createWorld({
    seed: options.seed,
    profile,
    isVerbose: options.isVerbose ?? false,
    say(at, line, about) {
      timeline.push({ at, about, line });
      if (timeline.length > 2 * TIMELINE) timeline = timeline.slice(-TIMELINE);
    },
  });
  const onError = (error: unknown) => {
    if (!world.crashed(world.scheduler.current(), error)) throw error;
  };
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
  populate(world);
  const schedule = scheduleFaults(world, {
    firstAfterMs: profile.settleMs,
    ...(options.only === undefined ? {} : { only: options.only }),
  });
  const oracle = createOracle(world, schedule.troubles, () => {
    if (options.stopsAtFinding) world.scheduler.halt();
  });
  let statuses = 0;
  world.onShown(() => statuses++);
  await world.scheduler.run(options.lastsMs);
  process.off("uncaughtException", onError);
  process.off("unhandledRejection", onError);
  const used = process.cpuUsage(began);
  const faults: Record<string, number> = {};
  for (const { kind } of schedule.troubles) faults[kind] = (faults[kind] ?? 0) + 1;
  return {
    seed: options.seed,
    profile: options.profile,
    simulatedMs: world.scheduler.now(),
    fingerprint: world.scheduler.fingerprint(),
    findings: [...oracle.findings],
    timeline,
    faults,
    statuses,
    cpuMs: (used.user + used.system) / 1_000,
  };
}
