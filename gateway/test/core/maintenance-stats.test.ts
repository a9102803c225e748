import type { SweeperBeat } from "@meeshy/shared/events";
import { describe, expect, it } from "vitest";
import { toMaintenanceStats } from "../../src/core/maintenance-stats.ts";

const gateway = { beat: 1, connections: 3, users: 2 };
const worker = {
  beat: 1,
  partitions: 32,
  usersOnline: 5,
  usersActive: 4,
  zombiesCleaned: 7,
  zombiesCleanedLastMinute: 2,
};
const running: SweeperBeat = {
  beat: 1,
  state: "running",
  lastCleanupAt: "2026-01-01T00:00:00.000Z",
  lastCleanupDurationMs: 12,
};
const paused: SweeperBeat = {
  beat: 1,
  state: "paused",
  reason: "deaf",
  lastCleanupAt: "2026-01-02T00:00:00.000Z",
  lastCleanupDurationMs: 34,
};

describe("the figures of the whole system", () => {
  it("add up over everyone alive; the latest cleanup counts, one running sweeper is enough", () => {
    const stats = toMaintenanceStats({
      gateways: [gateway, gateway],
      workers: [worker, worker],
      sweepers: [paused, running],
    });
    expect(stats).toEqual({
      maintenanceActive: true,
      lastCleanupAt: "2026-01-02T00:00:00.000Z",
      lastCleanupDurationMs: 34,
      zombiesCleanedTotal: 14,
      zombiesCleanedPerMinute: 4,
      totalUsersOnline: 10,
      totalUsersActive: 8,
      activeConnections: 6,
      sweeper: { state: "running" },
      gateways: 2,
      workers: 2,
    });
  });

  it("say why no sweeper runs", () => {
    expect(toMaintenanceStats({ gateways: [], workers: [], sweepers: [paused] })).toMatchObject({
      maintenanceActive: false,
      sweeper: { state: "paused", reason: "deaf" },
    });
    expect(toMaintenanceStats({ gateways: [], workers: [], sweepers: [] })).toMatchObject({
      lastCleanupAt: null,
      sweeper: { state: "paused", reason: "no sweeper is alive" },
    });
  });
});
