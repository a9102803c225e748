import { STRETCH } from "./world/profile.ts";

/** One world to run. */
export interface Job {
  profile: "storm" | "calm";
  seed: number;
  /** simulated time, ms */
  lastsMs: number;
  /** faults to choose from, by name, separated by commas */
  only?: string | undefined;
  isVerbose?: boolean;
  stopsAtFinding: boolean;
}

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Enough for a gateway to have nothing to write over a weekend, twice. */
const CALM_DAYS = 28;
const CALM_SEEDS = 14;
const STORM_HOURS = 1;
/** 15: a sweep between a jump of the broker's clock and the next timeout. */
const STORM_SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 15];
/** What is rare among all kinds of faults. */
const STORMS_OF: readonly Pick<Job, "seed" | "only">[] = [
  { seed: 203, only: "slow acknowledgements" },
  { seed: 204, only: "cut,lost deliveries,refused credentials" },
  { seed: 205, only: "wiped" },
  { seed: 207, only: "lagging replica,kill,restart,pause" },
];

/** What CI runs: storms with the default times, and more than a year of office weeks. */
export const CORPUS: readonly Job[] = [
  ...Array.from({ length: CALM_SEEDS }, (_, index) => ({
    profile: "calm" as const,
    seed: 101 + index,
    lastsMs: CALM_DAYS * DAY,
    stopsAtFinding: true,
  })),
  ...[...STORM_SEEDS.map((seed) => ({ seed })), ...STORMS_OF].map((storm) => ({
    ...storm,
    profile: "storm" as const,
    lastsMs: STORM_HOURS * HOUR,
    stopsAtFinding: true,
  })),
];

/** Which constants of the product a profile changes, for the hook that loads it. */
export const environmentOf = (profile: Job["profile"], planted?: string): Record<string, string> => ({
  SIM_PARTITIONS: "4",
  SIM_STRETCH: String(profile === "calm" ? STRETCH : 1),
  ...(planted === undefined ? {} : { SIM_PLANTED: planted }),
});
