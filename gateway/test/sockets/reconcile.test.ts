import type { Bus } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type ReconcileDeps, reconcileConnections } from "../../src/sockets/reconcile.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a reconnect while connections are compared has them compared again, in seconds", async () => {
  let passes = 0;
  let reconnect: (up: boolean) => void = () => {};
  const bus = {
    clock: { ...systemClock, sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) },
    onChange(listener: (up: boolean) => void) {
      reconnect = listener;
      return () => {};
    },
  } as unknown as Bus;
  // A connection that no log has yet cannot be compared, so that a pass lasts as long as it may.
  const connections = {
    userIds() {
      passes++;
      return ["alice"];
    },
    of: () => [{ id: "c1", userId: "alice", logged: undefined }],
    has: () => true,
  };
  const reconciliation = reconcileConnections({
    ...{ bus, connections, logger: createLogger("test", "silent") },
    ...{ board: { get: () => undefined }, log: { gatewayId: () => "gw-1" } },
  } as unknown as ReconcileDeps);
  reconnect(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(passes).toBe(1);
  reconnect(true);
  await vi.advanceTimersByTimeAsync(40_000);
  expect(passes).toBe(2);
  reconciliation.stop();
});
