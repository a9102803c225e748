import { userMessageSchema } from "@meeshy/shared/events";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { follow } from "@meeshy/shared/nats/follow";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import {
  leaseKeys,
  parseEventSubject,
  STREAM_EVENTS,
  SUBJECT_CLEANUP,
  SUBJECT_EVENTS_ALL,
  statusSetSubject,
} from "@meeshy/shared/subjects";
import { createTestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { openStore, type TestStore } from "@meeshy/shared/testing/test-store";
import { pino } from "pino";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { SweeperDeps } from "../src/app.ts";
import { openBoard, openLog, silent, startSweeper } from "./fixtures.ts";

const THRESHOLD_MS = 300_000;
const LONG_AGO = new Date(Date.now() - 2 * THRESHOLD_MS);

let nats: TestNats;
let link: NatsLink;
let opened: TestStore;

beforeEach(async () => {
  nats = await startNats();
  link = await openLog(nats.url);
  const database = await createTestDatabase();
  opened = await openStore(database.url);
  return async () => {
    await opened.close();
    await database.stop();
    await nats.stop();
  };
});

const deps = (limit = 100): Pick<SweeperDeps, "readStale" | "store"> => {
  const { presence, directory } = opened.store;
  return {
    readStale: (scope, bounds) =>
      presence.stale({ thresholdMs: scope === "everyone" ? 0 : THRESHOLD_MS, limit, ...bounds }),
    store: directory,
  };
};

const addUser = (id: string, fields: { isOnline: boolean; lastActiveAt: Date }) =>
  opened.db.user.create({ data: { id, username: `${id} name`, ...fields } });

/** Stands in for the partitions' owners: hands every `look` of the log on. */
function onLook(handle: (userId: string) => unknown) {
  const looks: unknown[] = [];
  const following = follow(link, {
    stream: STREAM_EVENTS,
    filter: SUBJECT_EVENTS_ALL,
    from: 1,
    logger: silent,
    async onMessage({ subject, data }) {
      const address = parseEventSubject(subject);
      if (!address?.userId) return;
      looks.push({ ...address, message: userMessageSchema.parse(fromBytes(data)) });
      await handle(address.userId);
    },
  });
  onTestFinished(() => following.stop());
  return looks;
}

const publishStatus = (userId: string, isOnline: boolean) =>
  link.acks.publish(statusSetSubject(userId), toBytes({ userId, isOnline }));
const askForCleanup = async () =>
  (await link.nc.request(SUBJECT_CLEANUP, undefined, { timeout: 20_000 })).json<unknown>();

describe("the safety net", () => {
  test("asks the log for the truth about users online and stale in the database, and about no others", async () => {
    await addUser("alice|1", { isOnline: true, lastActiveAt: LONG_AGO });
    await addUser("bob", { isOnline: true, lastActiveAt: new Date() });
    await addUser("carol", { isOnline: false, lastActiveAt: LONG_AGO });
    const looks = onLook(() => {});
    const lines: string[] = [];
    const logger = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    const sweeper = await startSweeper(nats.url, {
      deps: { ...deps(), logger },
      config: { sweepIntervalMs: 200 },
    });
    await eventually(() => looks.length >= 2);
    expect(looks[0]).toMatchObject({
      userId: "alice|1",
      source: "sweep",
      message: {
        event: { type: "look", profile: { username: "alice|1 name", lastActiveAt: LONG_AGO.getTime() } },
      },
    });
    expect(new Set(looks.map((look) => (look as { userId: string }).userId))).toEqual(new Set(["alice|1"]));
    const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg.includes("[CLEANUP]"));
    expect(line).toMatchObject({ level: 30, examined: 1, failed: 0 });
    const gauge = await sweeper.registry.getSingleMetricAsString("meeshy_last_cleanup_timestamp");
    expect(Number(gauge.match(/ ([\d.]+)$/m)?.[1])).toBeCloseTo(Date.now() / 1000, -2);
  });

  test("looks at everyone who is stale in turn, however many stay online and stale", async () => {
    const kept = Array.from({ length: 12 }, (_, index) => `kept-${String(index).padStart(2, "0")}`);
    // Kept online by a service for hours, and so the longest silent.
    for (const id of kept)
      await addUser(id, { isOnline: true, lastActiveAt: new Date(Date.now() - 3_600_000) });
    await addUser("zoe", { isOnline: true, lastActiveAt: LONG_AGO });
    const looks = onLook(() => {}) as { userId: string }[];
    const readStale: SweeperDeps["readStale"] = async (scope, bounds) =>
      scope === "stale" ? deps(5).readStale(scope, bounds) : { people: [], next: null };
    await startSweeper(nats.url, { deps: { ...deps(), readStale }, config: { sweepIntervalMs: 200 } });
    await eventually(() => looks.length >= 18);
    const ids = looks.map(({ userId }) => userId).slice(0, 18);
    // Three sweeps look at all, and the next begins anew.
    expect(ids.map((id) => [...kept, "zoe"].indexOf(id))).toEqual([...Array(13).keys(), 0, 1, 2, 3, 4]);
  });

  test("looks at everyone online page by page after its start", async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `user-${String(index).padStart(2, "0")}`);
    for (const id of ids) await addUser(id, { isOnline: true, lastActiveAt: new Date() });
    const looks = onLook(() => {}) as { userId: string }[];
    await startSweeper(nats.url, { deps: deps(5) });
    await eventually(() => looks.length >= ids.length);
    expect(looks.map(({ userId }) => userId).sort()).toEqual(ids);
  });

  test("after its start, and when an epoch begins, looks at those online whom no owner has written in it", async () => {
    const board = await openBoard(link);
    const begin = (epoch: number, from: number, revision: number) =>
      board.put(leaseKeys.epoch, { v: 1, epoch, from }, revision);
    const write = (userId: string, presenceEpoch: number, presenceVersion: number) =>
      opened.db.user.update({ where: { id: userId }, data: { presenceEpoch, presenceVersion } });
    const ids = ["ann", "of-lost-log", "restored", "same-number", "unwritten"];
    for (const id of ids) await addUser(id, { isOnline: true, lastActiveAt: new Date() });
    await write("ann", 2, 40);
    await write("of-lost-log", 1, 900);
    await write("restored", 3, 7);
    await write("same-number", 2, 39);
    const revision = await begin(2, 40, 0);
    const looks = onLook(() => {}) as { userId: string }[];
    await startSweeper(nats.url, { deps: deps() });
    await eventually(() => looks.length >= 4);
    expect(looks.map(({ userId }) => userId).sort()).toEqual(ids.slice(1));
    await write("restored", 4, 80);
    await begin(4, 80, revision);
    await eventually(() => looks.length >= 8);
    expect(looks.slice(4).map(({ userId }) => userId)).toEqual([
      "ann",
      "of-lost-log",
      "same-number",
      "unwritten",
    ]);
  });

  test.each([
    ["there is none", undefined],
    ["it is unreadable", { v: 1, epoch: "two" }],
    ["it is of a later release", { v: 99, epoch: 2, from: 0 }],
  ])("after its start looks at everyone online where the epoch cannot be read: %s", async (_, epoch) => {
    if (epoch !== undefined) await (await openBoard(link)).put(leaseKeys.epoch, epoch, 0);
    await addUser("ann", { isOnline: true, lastActiveAt: new Date() });
    await opened.db.user.update({ where: { id: "ann" }, data: { presenceEpoch: 2, presenceVersion: 40 } });
    const looks = onLook(() => {});
    await startSweeper(nats.url, { deps: deps() });
    await eventually(() => looks.length >= 1);
  });

  test("deletes old history in the same rhythm, and goes on when that fails", async () => {
    const answers = [new Error("away"), 3, 0];
    let calls = 0;
    const pruneHistory = async () => {
      const answer = answers[calls++];
      if (answer instanceof Error) throw answer;
      return answer ?? 0;
    };
    const lines: string[] = [];
    const logger = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    await startSweeper(nats.url, {
      deps: { ...deps(), pruneHistory, logger },
      config: { sweepIntervalMs: 100 },
    });
    await eventually(() => calls >= 3);
    expect(
      lines.map((text) => JSON.parse(text)).find(({ msg }) => msg.includes("history deleted")),
    ).toMatchObject({
      lines: 3,
    });
  });

  test("does not stop at a user whose look cannot be written", async () => {
    await addUser("x".repeat(201), { isOnline: true, lastActiveAt: LONG_AGO });
    await addUser("bob", { isOnline: true, lastActiveAt: LONG_AGO });
    const looks = onLook(() => {});
    await startSweeper(nats.url, { deps: deps(), config: { sweepIntervalMs: 200 } });
    await eventually(() => looks.length >= 1);
    expect(looks[0]).toMatchObject({ userId: "bob" });
  });

  test("sweeps again when the database is back", async () => {
    await addUser("alice", { isOnline: true, lastActiveAt: LONG_AGO });
    let away = true;
    let refused = 0;
    const looks = onLook(() => {});
    const readStale: SweeperDeps["readStale"] = async (scope, bounds) => {
      if (!away) return deps().readStale(scope, bounds);
      refused++;
      throw new Error("no database");
    };
    const sweeper = await startSweeper(nats.url, {
      deps: { ...deps(), readStale },
      config: { sweepIntervalMs: 200 },
    });
    await eventually(() => refused >= 2);
    expect(sweeper.verdict().state).toBe("running");
    away = false;
    await eventually(() => looks.length >= 1);
  });
});

describe("a cleanup request", () => {
  test("counts those examined, and those that turned out offline by their status or their row", async () => {
    for (const id of ["by-status", "by-row", "still-online"]) {
      await addUser(id, { isOnline: true, lastActiveAt: LONG_AGO });
    }
    onLook((userId) => {
      if (userId === "by-row")
        return opened.db.user.update({ where: { id: userId }, data: { isOnline: false } });
      return publishStatus(userId, userId === "still-online");
    });
    await startSweeper(nats.url, { deps: deps() });
    expect(await askForCleanup()).toEqual({ examined: 3, cleaned: 2 });
  });

  test("is answered at once where no user is stale", async () => {
    await startSweeper(nats.url, { deps: deps() });
    expect(await askForCleanup()).toEqual({ examined: 0, cleaned: 0 });
  });

  test("is answered by one of several sweepers", async () => {
    await addUser("alice", { isOnline: true, lastActiveAt: LONG_AGO });
    const looks = onLook((userId) => publishStatus(userId, false));
    await startSweeper(nats.url, { deps: deps(), config: { sweeperId: "s1" } });
    await startSweeper(nats.url, { deps: deps(), config: { sweeperId: "s2" } });
    expect(await askForCleanup()).toEqual({ examined: 1, cleaned: 1 });
    expect(looks.length).toBe(1);
  });

  test("is answered with an error when the database does not answer", async () => {
    const readStale = () => Promise.reject(new Error("no database"));
    await startSweeper(nats.url, { deps: { ...deps(), readStale } });
    expect(await askForCleanup()).toMatchObject({ error: { code: "unavailable", retryable: true } });
  });
});
