import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import {
  BUCKET_LEASES,
  leaseKeys,
  PARTITIONS,
  partitionSubject,
  STREAM_EVENTS,
  SUBJECT_EVENTS_ALL,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { VERSIONS } from "@meeshy/shared/versions";
import { test as base, describe, expect, type TestContext } from "vitest";
import { readAll } from "../../shared/test/nats/kit.ts";
import { createFixtures, GATEWAY_LEASE_MS, informedOf, lossesIn, timeoutsIn } from "./fixtures.ts";

/** Longest time until the sweeper notices what happens. */
const TICK_MS = 500;
const ALL = Array.from({ length: PARTITIONS }, (_, p) => p);

/** A server of each test's own: most wait for leases, and do so side by side. */
const { concurrent: test } = base.extend<{ rig: Awaited<ReturnType<typeof startRig>> }>({
  rig: async ({ onTestFinished }, use) => {
    await use(await startRig(onTestFinished));
  },
});

async function startRig(onTestFinished: TestContext["onTestFinished"]) {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const fixtures = createFixtures(onTestFinished);
  const link = await fixtures.openLog(nats.url);

  const entryTime = async (key: string) => {
    const message = await link.jsm.streams.getMessage(bucketStream(BUCKET_LEASES), {
      last_by_subj: keySubject(BUCKET_LEASES, key),
    });
    return message?.time.getTime() ?? 0;
  };
  const isGone = async (key: string) => {
    const last = await link.lastValue(bucketStream(BUCKET_LEASES), keySubject(BUCKET_LEASES, key));
    return last?.deleted === true;
  };
  return { ...fixtures, nats, link, entryTime, isGone, onTestFinished };
}

describe("time", () => {
  test("passes in every partition, by the sweeper's own clock", async ({ rig }) => {
    const { nats, link, startSweeper, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    await startSweeper(nats.url);
    await eventually(() => ALL.every((p) => timeoutsIn(logged, p).length >= 3));
    const elapsed = timeoutsIn(logged, 63).map(({ event }) =>
      event.type === "timeout" ? event.elapsed : NaN,
    );
    expect(elapsed).toEqual([...elapsed].sort((a, b) => a - b));
    expect(new Set(elapsed).size).toBe(elapsed.length);
    const first = timeoutsIn(logged, 0)[0];
    expect(first).toMatchObject({ userId: undefined, event: { type: "timeout", sweeperId: "s1" } });
  });

  test("does not pass from the loss of the link until two gateway leases after its return", async ({
    rig,
  }) => {
    const { nats, link, startSweeper, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const sweeper = await startSweeper(nats.url);
    await eventually(() => timeoutsIn(logged, 0).length >= 2);
    await nats.kill();
    await eventually(() => sweeper.verdict().state === "paused");
    const before = timeoutsIn(logged, 0).length;
    const returnedAt = Date.now();
    await nats.restart();
    const next = await eventually(() => timeoutsIn(logged, 0)[before]);
    expect(next.time - returnedAt).toBeGreaterThan(2 * GATEWAY_LEASE_MS);
  });

  test("does not pass for two leases after a break of the link that was over at once", async ({ rig }) => {
    const { nats, link, startSweeper, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const sweeper = await startSweeper(nats.url);
    await eventually(() => timeoutsIn(logged, 0).length >= 2);
    const brokeAt = Date.now();
    await sweeper.link.nc.reconnect();
    await eventually(() => sweeper.verdict().state === "paused");
    await eventually(() => sweeper.verdict().state === "running");
    const next = await eventually(() => timeoutsIn(logged, 0).find(({ time }) => time > brokeAt + TICK_MS));
    expect(next.time - brokeAt).toBeGreaterThan(2 * GATEWAY_LEASE_MS);
  });

  test("that was on its way to a server that stood still comes once at most, and then none for two leases", async ({
    rig,
  }) => {
    const { nats, link, startSweeper, watchPartitionEvents } = rig;
    const gatewayLeaseMs = 4_000;
    const logged = watchPartitionEvents(link);
    const sweeper = await startSweeper(nats.url, { config: { gatewayLeaseMs } });
    await eventually(() => timeoutsIn(logged, 0).length >= 2);
    await nats.kill("SIGSTOP");
    await eventually(() => sweeper.verdict().state === "paused");
    const continuedAt = Date.now();
    await nats.kill("SIGCONT");
    const afterwards = () => timeoutsIn(logged, 0).filter(({ time }) => time >= continuedAt);
    const regular = await eventually(() =>
      afterwards().find(({ time }) => time > continuedAt + 2 * gatewayLeaseMs),
    );
    expect(afterwards().indexOf(regular)).toBeLessThanOrEqual(1);
  });
});

describe("a gateway", () => {
  test("that falls silent while another beats is declared lost in every partition, and its entry goes", async ({
    rig,
  }) => {
    const { nats, link, entryTime, isGone, startSweeper, startGateway, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const dying = await startGateway(nats.url, "a");
    const living = await startGateway(nats.url, "b");
    await startSweeper(nats.url);
    await dying.die();
    const lastBeatAt = await entryTime(leaseKeys.gateway("a"));
    await eventually(() => isGone(leaseKeys.gateway("a")));
    await eventually(() => informedOf(logged, "a").length === PARTITIONS);
    expect(informedOf(logged, "a")).toEqual(ALL);
    expect((lossesIn(logged)[0]?.time ?? 0) - lastBeatAt).toBeGreaterThanOrEqual(GATEWAY_LEASE_MS);
    expect(informedOf(logged, "b")).toEqual([]);
    expect(living.declaredLost()).toBe(false);
  });

  test("that was wrongly taken for lost learns of it from its entry", async ({ rig }) => {
    const { nats, link, isGone, openBoard, startSweeper, startGateway } = rig;
    const gateway = await startGateway(nats.url, "a");
    await startGateway(nats.url, "b");
    const board = await openBoard(link);
    const entry = await eventually(() => board.get(leaseKeys.gateway("a")));
    await eventually(async () => {
      const { value, revision } = board.get(entry.key) ?? entry;
      return board.put(entry.key, { ...(value as object), lost: true }, revision).then(
        () => true,
        () => false,
      );
    });
    await startSweeper(nats.url);
    await eventually(() => gateway.declaredLost());
    await eventually(() => isGone(entry.key));
  });

  test("is judged by the lease that its heartbeat names, whatever the sweeper is configured with", async ({
    rig,
  }) => {
    const { nats, link, entryTime, startSweeper, startGateway, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const lines: unknown[] = [];
    const logger = createLogger("test", "silent");
    logger.warn = ((fields: object) => void lines.push(fields)) as typeof logger.warn;
    const patient = await startGateway(nats.url, "patient", { leaseMs: 12_000 });
    const dying = await startGateway(nats.url, "dying", { leaseMs: 3_000 });
    await startGateway(nats.url, "living", { leaseMs: 3_000 });
    const sweeper = await startSweeper(nats.url, { deps: { logger }, config: { gatewayLeaseMs: 3_000 } });
    await eventually(() => sweeper.verdict().state === "running");
    await Promise.all([patient.die(), dying.die()]);
    const lastBeatAt = await entryTime(leaseKeys.gateway("patient"));
    await eventually(() => informedOf(logged, "dying").length === PARTITIONS);
    expect(informedOf(logged, "patient")).toEqual([]);
    await eventually(() => informedOf(logged, "patient").length === PARTITIONS);
    const loss = lossesIn(logged).find(({ event }) => "gatewayId" in event && event.gatewayId === "patient");
    expect((loss?.time ?? 0) - lastBeatAt).toBeGreaterThanOrEqual(12_000);
    expect(lines.filter((fields) => (fields as { leaseMs?: number }).leaseMs === 12_000)).toHaveLength(1);
  });

  test("is not lost, with all others, before three leases", async ({ rig }) => {
    const { nats, link, entryTime, startSweeper, startGateway, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const gateways = [await startGateway(nats.url, "a"), await startGateway(nats.url, "b")];
    await startSweeper(nats.url);
    await Promise.all(gateways.map((gateway) => gateway.die()));
    const lastBeats = [await entryTime(leaseKeys.gateway("a")), await entryTime(leaseKeys.gateway("b"))];
    await eventually(
      () => informedOf(logged, "a").length + informedOf(logged, "b").length === 2 * PARTITIONS,
    );
    for (const [i, id] of ["a", "b"].entries()) {
      const loss = lossesIn(logged).find(
        ({ event }) => event.type === "gateway-lost" && event.gatewayId === id,
      );
      expect((loss?.time ?? 0) - (lastBeats[i] as number)).toBeGreaterThanOrEqual(3 * GATEWAY_LEASE_MS);
    }
  });

  test("declared lost by a sweeper that died at once is written to every partition by another", async ({
    rig,
  }) => {
    const { nats, link, isGone, openBoard, startSweeper, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const key = leaseKeys.gateway("a");
    await (await openBoard(link)).put(key, { beat: 9, connections: 1, users: 1, lost: true }, 0);
    await startSweeper(nats.url);
    await eventually(() => isGone(key));
    await eventually(() => informedOf(logged, "a").length === PARTITIONS);
  });

  test("whose loss only some partitions have is written to the rest by another sweeper", async ({ rig }) => {
    const { nats, link, isGone, openBoard, startSweeper, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const key = leaseKeys.gateway("a");
    await (await openBoard(link)).put(key, { beat: 9, connections: 1, users: 1, lost: true }, 0);
    for (const p of ALL.slice(0, 20)) {
      const event = { type: "gateway-lost", gatewayId: "a" };
      await link.acks.publish(partitionSubject("sweep", p), toBytes({ event }));
    }
    await startSweeper(nats.url);
    await eventually(() => isGone(key));
    await eventually(() => informedOf(logged, "a").length === PARTITIONS);
    expect(informedOf(logged, "a")).toEqual(ALL);
  });

  test("is declared lost although NATS dies between the steps", async ({ rig }) => {
    const { nats, link, isGone, openBoard, startSweeper, startGateway, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const dying = await startGateway(nats.url, "a");
    await startGateway(nats.url, "b");
    await startSweeper(nats.url);
    const board = await openBoard(link);
    const killed = new Promise<void>((resolve) => {
      const forget = board.onChange((key) => {
        const value = board.get(key)?.value as { lost?: boolean } | undefined;
        if (!value?.lost) return;
        forget();
        resolve(nats.kill());
      });
    });
    await dying.die();
    await killed;
    await nats.restart();
    await eventually(() => isGone(leaseKeys.gateway("a")));
    await eventually(() => informedOf(logged, "a").length === PARTITIONS);
  });
});

describe("no gateway is declared lost", () => {
  const silentFor = async (ms: number) => {
    const since = performance.now();
    await eventually(() => performance.now() - since > ms);
  };

  const outages: [string, NodeJS.Signals, (nats: TestNats) => Promise<void>][] = [
    ["for NATS having stood still", "SIGSTOP", (nats) => nats.kill("SIGCONT")],
    ["for NATS having been away", "SIGKILL", (nats) => nats.restart()],
  ];

  test.for(outages)(
    "%s, although they come back later than the sweeper",
    async ([, signal, comeBack], { rig }) => {
      const { nats, link, startSweeper, startGateway, watchPartitionEvents, onTestFinished } = rig;
      const proxy = await startTcpProxy(nats.port);
      onTestFinished(() => proxy.close());
      const logged = watchPartitionEvents(link);
      const gateways = await Promise.all(
        ["a", "b"].map((id) => startGateway(`nats://127.0.0.1:${proxy.port}`, id)),
      );
      const sweeper = await startSweeper(nats.url);
      await eventually(() => timeoutsIn(logged, 0).length >= 2);
      await nats.kill(signal);
      proxy.cut();
      await silentFor(3.5 * GATEWAY_LEASE_MS);
      const returnedAt = Date.now();
      await comeBack(nats);
      await eventually(() => sweeper.link.isUp());
      await silentFor(GATEWAY_LEASE_MS);
      proxy.mend();
      // Time passes again: the sweeper has judged with all that it receives.
      await eventually(() => timeoutsIn(logged, 0).filter(({ time }) => time > returnedAt).length >= 4);
      expect(lossesIn(logged)).toEqual([]);
      expect(gateways.map((gateway) => gateway.declaredLost())).toEqual([false, false]);
    },
  );

  test("while the workers stand still too", async ({ rig }) => {
    const { nats, link, openBoard, startSweeper, startGateway, watchPartitionEvents } = rig;
    const logged = watchPartitionEvents(link);
    const gateway = await startGateway(nats.url, "a");
    const board = await openBoard(link);
    await board.put(leaseKeys.worker("w"), { beat: 1 }, 0);
    const sweeper = await startSweeper(nats.url);
    await gateway.die();
    await eventually(() => sweeper.verdict().state === "paused");
    await silentFor(3.5 * GATEWAY_LEASE_MS);
    expect(lossesIn(logged)).toEqual([]);
    expect(await sweeper.registry.getSingleMetricAsString("meeshy_sweeper_paused")).toMatch(/ 1$/m);
  });
});

test("a sweeper writes its state on the board, and leaves it when it stops", async ({ rig }) => {
  const { nats, link, openBoard, startSweeper } = rig;
  const board = await openBoard(link);
  const sweeper = await startSweeper(nats.url);
  const key = leaseKeys.sweeper("s1");
  await eventually(() => (board.get(key)?.value as { state?: string } | undefined)?.state === "running");
  expect(board.get(key)?.value).toMatchObject({ lastCleanupAt: null, lastCleanupDurationMs: null });
  await sweeper.stop();
  await eventually(() => board.get(key) === undefined);
});

test("everything that a sweeper writes carries its version", async ({ rig }) => {
  const { nats, link, isGone, openBoard, startSweeper, startGateway } = rig;
  const dying = await startGateway(nats.url, "a");
  await startGateway(nats.url, "b");
  const profile = {
    username: null,
    isAnonymous: false,
    conversationIds: [],
    availability: "available" as const,
    statusText: null,
    availabilityExpiresAt: null,
    lastActiveAt: null,
    lastSeen: null,
  };
  const board = await openBoard(link);
  await startSweeper(nats.url, {
    deps: { readStale: async () => ({ people: [{ userId: "alice", profile }], next: null }) },
    config: { sweepIntervalMs: 500 },
  });
  await dying.die();
  await eventually(() => isGone(leaseKeys.gateway("a")));
  const messages = await eventually(async () => {
    const found = await readAll(link, STREAM_EVENTS, SUBJECT_EVENTS_ALL);
    const types = new Set(
      found.map(({ data }) => (fromBytes(data) as { event: { type: string } }).event.type),
    );
    expect([...types].sort()).toEqual(["gateway-lost", "look", "timeout"]);
    return found;
  });
  for (const { data } of messages) expect(fromBytes(data)).toMatchObject({ v: VERSIONS.logMessage });
  expect(board.get(leaseKeys.sweeper("s1"))?.value).toMatchObject({ v: VERSIONS.heartbeat });
});
