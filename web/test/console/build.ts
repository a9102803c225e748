import type { Partition, Processes, Stats, Transition } from "../../console/wire.ts";

export const NOW = Date.parse("2026-06-01T12:00:00.000Z");
export const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString();

export const transition = (secondsAgo: number, from: string, to: string, cause = "connect"): Transition => ({
  epoch: 1,
  version: 10_000 - secondsAgo,
  at: ago(secondsAgo),
  from,
  to,
  cause,
});

export const partition = (number: number, change: Partial<Partition> = {}): Partition => ({
  partition: number,
  owner: "w1",
  epoch: 1,
  position: 100,
  lagMs: 3,
  isServed: true,
  checkpointAt: ago(1),
  ...change,
});

export const processes = (change: Partial<Processes> = {}): Processes => ({
  partitions: Array.from({ length: 64 }, (_, number) => partition(number)),
  workers: [{ workerId: "w1", partitions: 64, usersOnline: 3, lastBeatAt: ago(0), isSilent: false }],
  gateways: [{ gatewayId: "g1", connections: 4, users: 3, lastBeatAt: ago(0), isSilent: false }],
  sweepers: [{ sweeperId: "s1", state: "running", reason: null, lastBeatAt: ago(0), isSilent: false }],
  ...change,
});

export const stats = (change: Partial<Stats> = {}): Stats => ({
  maintenanceActive: true,
  lastCleanupAt: null,
  lastCleanupDurationMs: null,
  zombiesCleanedTotal: 0,
  zombiesCleanedPerMinute: 0,
  totalUsersOnline: 3,
  totalUsersActive: 3,
  activeConnections: 4,
  sweeper: { state: "running" },
  gateways: 1,
  workers: 1,
  ...change,
});
