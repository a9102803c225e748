import { expect, it } from "vitest";
import { ConsoleError } from "../../console/failure.ts";
import { judge, type Known } from "../../console/well-being.ts";
import { ago, NOW, partition, processes, stats } from "./build.ts";

const known = (change: Partial<Known> = {}): Known => ({
  stats: stats(),
  readiness: { status: "ok" },
  processes: processes(),
  failure: undefined,
  databaseFailure: undefined,
  ...change,
});
const sixtyFour = (change: (number: number) => Parameters<typeof partition>[1]) =>
  Array.from({ length: 64 }, (_, number) => partition(number, change(number)));

it("says that all is well, with what processes the partitions", () => {
  expect(judge(known(), NOW)).toEqual({
    level: "good",
    text: "All is well: 64 of 64 partitions are processed by 1 worker.",
  });
});

it("says that nothing is known before the first answer", () => {
  const nothing = { stats: undefined, readiness: undefined, processes: undefined };
  expect(judge(known(nothing), NOW).level).toBe("unknown");
});

it("names the partitions without an owner, and apart those that their owner does not process", () => {
  const partitions = sixtyFour((number) => {
    if (number < 2) return { owner: null, isServed: false };
    return number === 9 ? { isServed: false } : {};
  });
  const { level, text } = judge(known({ processes: processes({ partitions }) }), NOW);
  expect(level).toBe("bad");
  expect(text).toContain("2 partitions (0 and 1) have no owner.");
  expect(text).toContain("Partition 9 is not processed by its owner.");
});

it("warns of partitions that are late, as long as their checkpoint is recent", () => {
  const partitions = sixtyFour((number) => (number === 5 ? { lagMs: 12_000 } : {}));
  expect(judge(known({ processes: processes({ partitions }) }), NOW)).toEqual({
    level: "warning",
    text: "Partition 5 was up to 12 s late at its last checkpoint.",
  });
  expect(judge(known({ processes: processes({ partitions }) }), NOW + 10_000).level).toBe("good");
});

it("warns of each silent process by name, and says when no worker is alive", () => {
  const beat = { lastBeatAt: ago(30), isSilent: true };
  const gateways = [{ gatewayId: "g1", connections: 1, users: 1, ...beat }];
  const silent = judge(known({ processes: processes({ gateways }) }), NOW);
  expect(silent.level).toBe("warning");
  expect(silent.text).toMatch(/^Gateway g1 is silent since \d\d:\d\d:\d\d\.$/);
  const workers = [{ workerId: "w1", partitions: 64, usersOnline: 1, ...beat }];
  const dead = judge(known({ processes: processes({ workers }) }), NOW);
  expect(dead.level).toBe("bad");
  expect(dead.text).toMatch(/^No worker is alive\. Worker w1 is silent/);
});

it("says of a process that ended a while ago, and whose work others do, no more than that", () => {
  const beat = { lastBeatAt: ago(120), isSilent: true };
  const gone = { workerId: "w0", partitions: 32, usersOnline: 1, ...beat };
  const { level, text } = judge(
    known({ processes: processes({ workers: [gone, ...processes().workers] }) }),
    NOW,
  );
  expect(level).toBe("good");
  expect(text).toContain("processed by 1 worker. 1 process ended or fell silent in the last minutes.");
});

it("warns of a paused sweeper with its reason", () => {
  const paused = stats({ sweeper: { state: "paused", reason: "workers stand still" } });
  expect(judge(known({ stats: paused }), NOW)).toEqual({
    level: "warning",
    text: "The sweeper is paused (workers stand still): no one times out meanwhile.",
  });
});

it("says why the gateway is not ready, or that it does not answer, before what is known of the rest", () => {
  const readiness = { status: "unavailable", reasons: ["NATS is not connected", "feed"] };
  const paused = stats({ sweeper: { state: "paused" } });
  const unready = judge(known({ readiness, stats: paused }), NOW);
  expect(unready.level).toBe("bad");
  expect(unready.text).toMatch(/^This gateway is not ready: NATS is not connected; feed\. The sweeper/);
  const failure = new ConsoleError("unreachable", "The gateway does not answer.");
  expect(judge(known({ failure }), NOW)).toEqual({ level: "bad", text: "The gateway does not answer." });
});

it("warns when the database is away, and leaves that out where nothing is reached at all", () => {
  const databaseFailure = new ConsoleError("unavailable", "The database cannot be reached now.");
  const away = judge(known({ databaseFailure }), NOW);
  expect(away.level).toBe("warning");
  expect(away.text).toContain("The database cannot be reached now. Statuses go on without it");
  const failure = new ConsoleError("unreachable", "The gateway does not answer.");
  expect(judge(known({ databaseFailure, failure }), NOW).text).toBe("The gateway does not answer.");
});

it("keeps its words while nothing changes, since they are read aloud", () => {
  const workers = [{ workerId: "w1", partitions: 64, usersOnline: 1, lastBeatAt: ago(30), isSilent: true }];
  const seen = known({ processes: processes({ workers }) });
  expect(judge(seen, NOW + 7_000)).toEqual(judge(seen, NOW));
});
