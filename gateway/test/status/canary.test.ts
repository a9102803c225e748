import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { StatusMessage } from "@meeshy/shared/status";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import type { LoggedConnection } from "../../src/connections/connections.ts";
import { createGatewayMetrics } from "../../src/metrics.ts";
import { createCanaryPair } from "../../src/status/canary.ts";

const [ONE, OTHER] = ["anon_presence-canary_gw-1_1", "anon_presence-canary_gw-1_2"];
const EVERY_MS = 10_000;

/** A pair whose events are noted, with a feed and an emitter that the test drives. */
function start({ isLogging = true } = {}) {
  let now = 0;
  let tick = () => {};
  let isCancelled = false;
  let unready = ["starting"];
  let gatewayId = "gw-1";
  let holdsSends = false;
  const held: (() => void)[] = [];
  const online = new Set<string>();
  const written: string[] = [];
  const registry = new Registry();
  const note = (what: string, { userId }: { userId: string }) => {
    written.push(`${what} ${userId.at(-1)}`);
  };
  const logged = (connection: LoggedConnection) => {
    if (isLogging) connection.logged = { seq: 1, gatewayId };
  };
  const pair = createCanaryPair(
    {
      clock: {
        ...systemClock,
        now: () => now,
        every: (_, run) => {
          tick = run;
          return { cancel: () => (isCancelled = true) };
        },
      },
      log: {
        gatewayId: () => gatewayId,
        async connected(connection) {
          note("connected", connection);
          logged(connection);
        },
        announceAgain(connection) {
          note(connection.isReady ? "again" : "anew", connection);
          logged(connection);
        },
        disconnected: (connection) => note("disconnected", connection),
        activity: (userId) => note("activity", { userId }),
      },
      feed: { shown: (id) => (online.has(id) ? ({ isOnline: true } as never) : undefined) },
      outlet: {
        send: (ids, emit) => {
          if (holdsSends) held.push(() => emit([...ids]));
          else emit([...ids]);
        },
      },
      unready: () => unready,
      metrics: createGatewayMetrics(registry),
    },
    { canaryIntervalMs: EVERY_MS },
  );
  const figure = async (name: string) => {
    const found = await registry.getSingleMetric(`meeshy_${name}`)?.get();
    return (found?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  };
  return {
    pair,
    written,
    online,
    figure,
    isCancelled: () => isCancelled,
    beReady() {
      unready = [];
    },
    beginLife(id: string) {
      gatewayId = id;
      pair.announceAgain();
    },
    holdSends() {
      holdsSends = true;
    },
    send() {
      holdsSends = false;
      for (const emit of held.splice(0)) emit();
    },
    /** Time passes in looks of 250 ms. */
    pass(ms: number) {
      for (const until = now + ms; now < until; ) {
        now += 250;
        tick();
      }
    },
    /** The feed has a newer status. */
    show(id: string, isOnline: boolean, afterMs = 0) {
      now += afterMs;
      if (isOnline) online.add(id);
      else online.delete(id);
      pair.note({ status: { userId: id } as StatusMessage, meta: { traceparent: undefined } });
    },
    seconds: async (change: string) => {
      const lines = (await registry.metrics()).split("\n");
      const line = lines.find((text) => text.startsWith(`meeshy_canary_seconds_sum{change="${change}"}`));
      return Number(line?.split(" ").at(-1));
    },
  };
}

it("begins once the gateway is ready, and then one comes while the other leaves", () => {
  const canary = start();
  canary.pass(60_000);
  expect(canary.written).toEqual([]);
  canary.beReady();
  canary.pass(250);
  expect(canary.written).toEqual(["connected 1"]);
  canary.show(ONE, true, 20);
  canary.pass(EVERY_MS);
  expect(canary.written).toEqual(["connected 1", "disconnected 1", "connected 2"]);
  canary.show(ONE, false);
  canary.show(OTHER, true);
  canary.pass(EVERY_MS);
  expect(canary.written.slice(3)).toEqual(["connected 1", "disconnected 2"]);
});

it("a change is seen when delivery has sent what was before it", async () => {
  const canary = start();
  canary.beReady();
  canary.pass(250);
  canary.holdSends();
  canary.show(ONE, true, 30);
  expect(await canary.figure("canary_seconds")).toBe(0);
  canary.show(OTHER, false, 70);
  canary.send();
  expect(await canary.seconds("connect")).toBeCloseTo(0.1);
});

it("while nothing gets through one event of each waits, and false time is counted as it passes", async () => {
  const canary = start();
  canary.beReady();
  canary.pass(250);
  canary.show(ONE, true);
  canary.pass(EVERY_MS);
  canary.pass(6 * EVERY_MS);
  expect(canary.written).toEqual(["connected 1", "disconnected 1", "connected 2"]);
  expect(await canary.figure("false_online_seconds_total")).toBeCloseTo(59);
  expect(await canary.figure("false_offline_seconds_total")).toBeCloseTo(59);
  canary.show(ONE, false);
  canary.show(OTHER, true);
  canary.pass(500);
  expect(await canary.figure("false_online_seconds_total")).toBeCloseTo(59);
  expect(await canary.seconds("leave")).toBeCloseTo(60);
});

it("a connect that waits for the log is written anew, with an activity, and is no repeat for that", () => {
  const canary = start({ isLogging: false });
  canary.beReady();
  canary.pass(250 + 2 * EVERY_MS);
  const ofOne = canary.written.filter((line) => line.endsWith(" 1"));
  expect(ofOne).toEqual(["connected 1", "anew 1", "activity 1", "anew 1", "activity 1"]);
});

it("who is there is announced again under another life, as the same person", () => {
  const canary = start();
  canary.beReady();
  canary.pass(250);
  canary.show(ONE, true);
  canary.beginLife("gw-2");
  expect(canary.written).toEqual(["connected 1", "again 1", "activity 1"]);
});

it("a stopped pair says goodbye for who is there, and counts no more", async () => {
  const canary = start();
  canary.beReady();
  canary.pass(250);
  canary.show(ONE, true);
  canary.pair.stop();
  expect(canary.written).toEqual(["connected 1", "disconnected 1"]);
  expect(canary.isCancelled()).toBe(true);
  canary.show(ONE, false, 5_000);
  expect(await canary.figure("false_online_seconds_total")).toBe(0);
});
