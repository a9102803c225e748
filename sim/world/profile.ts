import type { WorkerConfig } from "../../presence-worker/src/app.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How a world is set up: the services' configuration, how its people live, how often something goes wrong. ms. */
export interface Profile {
  name: "storm" | "calm";
  offlineThresholdMs: number;
  graceMs: number;
  gatewayLeaseMs: number;
  workerLeaseMs: number;
  sweepIntervalMs: number;
  /** how often a sweeper writes a timeout */
  tickMs: number;
  multiDevice: WorkerConfig["multiDevice"];
  activityThrottleMs: number;
  people: number;
  gateways: number;
  workers: number;
  sweepers: number;
  /** between two faults */
  faultEveryMs: readonly [number, number];
  /** how long a fault lasts, most often */
  faultLastsMs: readonly [number, number];
  /** how long a person stays, is away, and is silent in between */
  staysMs: readonly [number, number];
  awayMs: readonly [number, number];
  activeEveryMs: readonly [number, number];
  /** people keep office hours */
  hasOffice: boolean;
  /** how often the views are compared with the truth */
  sampleEveryMs: number;
  /** after the last fault, how long until everything has to be right again */
  settleMs: number;
  /** how long a normal change may take until it is seen */
  shownWithinMs: number;
}

/** Hours full of faults, with the default times. */
export const STORM: Profile = {
  name: "storm",
  offlineThresholdMs: 60 * SECOND,
  graceMs: 5 * SECOND,
  gatewayLeaseMs: 6 * SECOND,
  workerLeaseMs: 2 * SECOND,
  sweepIntervalMs: 60 * SECOND,
  tickMs: 500,
  multiDevice: "allow",
  activityThrottleMs: 5 * SECOND,
  people: 12,
  gateways: 3,
  workers: 2,
  sweepers: 2,
  faultEveryMs: [20 * SECOND, 4 * MINUTE],
  faultLastsMs: [500, 30 * SECOND],
  staysMs: [20 * SECOND, 10 * MINUTE],
  awayMs: [1 * SECOND, 4 * MINUTE],
  activeEveryMs: [2 * SECOND, 25 * SECOND],
  hasOffice: false,
  sampleEveryMs: 1 * SECOND,
  settleMs: 75 * SECOND,
  shownWithinMs: 12 * SECOND,
};

/** By how much the calm profile's times are longer than the defaults. */
export const STRETCH = 360;

/** Weeks of an office, with times stretched and retention as it is: a quiet day costs little. */
export const CALM: Profile = {
  name: "calm",
  offlineThresholdMs: 2 * HOUR,
  graceMs: 5 * SECOND * STRETCH,
  gatewayLeaseMs: 6 * SECOND * STRETCH,
  workerLeaseMs: 2 * SECOND * STRETCH,
  sweepIntervalMs: 6 * HOUR,
  tickMs: 500 * STRETCH,
  multiDevice: "allow",
  activityThrottleMs: 20 * MINUTE,
  people: 10,
  gateways: 2,
  workers: 2,
  sweepers: 2,
  faultEveryMs: [6 * HOUR, 96 * HOUR],
  faultLastsMs: [30 * SECOND, 2 * HOUR],
  staysMs: [1 * HOUR, 9 * HOUR],
  awayMs: [10 * MINUTE, 20 * HOUR],
  activeEveryMs: [10 * MINUTE, 40 * MINUTE],
  hasOffice: true,
  sampleEveryMs: 20 * MINUTE,
  settleMs: 6 * HOUR,
  shownWithinMs: 30 * MINUTE,
};
