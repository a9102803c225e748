import type { GatewayBeat, SweeperBeat, WorkerBeat } from "@meeshy/shared/events";

/** The figures of the whole system, from every process's heartbeats (CONTRACT 5). */

export interface MaintenanceStats {
  maintenanceActive: boolean;
  lastCleanupAt: string | null;
  lastCleanupDurationMs: number | null;
  zombiesCleanedTotal: number;
  zombiesCleanedPerMinute: number;
  totalUsersOnline: number;
  totalUsersActive: number;
  activeConnections: number;
  sweeper: { state: "running" | "paused"; reason?: string };
  gateways: number;
  workers: number;
}

/** The beats of those alive. */
export interface Beats {
  gateways: GatewayBeat[];
  workers: WorkerBeat[];
  sweepers: SweeperBeat[];
}

export function toMaintenanceStats({ gateways, workers, sweepers }: Beats): MaintenanceStats {
  const running = sweepers.some(({ state }) => state === "running");
  const paused = sweepers.find(({ state }) => state === "paused");
  const last = sweepers.reduce<SweeperBeat | undefined>(
    (latest, beat) => ((beat.lastCleanupAt ?? "") > (latest?.lastCleanupAt ?? "") ? beat : latest),
    undefined,
  );
  return {
    maintenanceActive: running,
    lastCleanupAt: last?.lastCleanupAt ?? null,
    lastCleanupDurationMs: last?.lastCleanupDurationMs ?? null,
    zombiesCleanedTotal: sum(workers, (beat) => beat.zombiesCleaned),
    zombiesCleanedPerMinute: sum(workers, (beat) => beat.zombiesCleanedLastMinute),
    totalUsersOnline: sum(workers, (beat) => beat.usersOnline),
    totalUsersActive: sum(workers, (beat) => beat.usersActive),
    activeConnections: sum(gateways, (beat) => beat.connections),
    sweeper: running
      ? { state: "running" }
      : { state: "paused", reason: paused?.reason ?? "no sweeper is alive" },
    gateways: gateways.length,
    workers: workers.length,
  };
}

const sum = <T>(beats: T[], figure: (beat: T) => number): number =>
  beats.reduce((total, beat) => total + figure(beat), 0);
