import { canaryId } from "@meeshy/shared/ids";
import type { PresenceRow } from "@meeshy/shared/presence-row";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { createTestDatabase, type TestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { openStore, type TestStore } from "@meeshy/shared/testing/test-store";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { createDatabaseWriter, type DatabaseWriter } from "../../src/io/database-writer.ts";

let database: TestDatabase;
let proxy: TcpProxy;
let opened: TestStore;
let db: TestStore["db"];
let batches: number[];
let dropped: number;

beforeAll(async () => {
  database = await createTestDatabase();
  opened = await openStore(database.url);
  db = opened.db;
  proxy = await startTcpProxy(Number(new URL(database.url).port));
});
afterAll(async () => {
  await opened.close();
  await proxy.close();
  await database.stop();
});
beforeEach(async () => {
  batches = [];
  dropped = 0;
  proxy.mend();
  await db.user.deleteMany();
});

async function startWriter(): Promise<DatabaseWriter> {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const own = await openStore(url.href, { poolSize: 4 });
  const writer = createDatabaseWriter(own.store, {
    clock: systemClock,
    logger: createLogger("test", "silent"),
    onBatch: (rows) => batches.push(rows),
    onHistoryDropped: (lines) => {
      dropped += lines;
    },
  });
  onTestFinished(async () => {
    proxy.mend();
    await writer.close(1_000);
    await own.close();
  });
  return writer;
}

const rowOf = (userId: string, version: number, over: Partial<PresenceRow> = {}): PresenceRow => ({
  userId,
  isAnonymous: false,
  isOnline: true,
  lastSeen: null,
  lastActiveAt: null,
  availability: "available",
  statusText: null,
  availabilityExpiresAt: null,
  epoch: 1,
  version,
  ...over,
});

const addUsers = (count: number) =>
  db.user.createMany({
    data: Array.from({ length: count }, (_, at) => ({ id: `u${at}`, username: `u${at}` })),
  });
const versions = async () => {
  const rows = await db.user.findMany({ orderBy: { id: "asc" }, select: { presenceVersion: true } });
  return rows.map(({ presenceVersion }) => Number(presenceVersion));
};

it("a row that the database refuses is set aside, and all the others of its batch are stored", async () => {
  await addUsers(9);
  const writer = await startWriter();
  const TOO_LARGE = 2 ** 31;
  for (let at = 0; at < 9; at++)
    writer.put(0, rowOf(`u${at}`, 7, at === 4 ? { epoch: TOO_LARGE } : {}), [], 7);
  await eventually(() => writer.lag() === 0);
  expect(await versions()).toEqual([7, 7, 7, 7, 0, 7, 7, 7, 7]);
  expect(writer.storedUpTo(0, 7)).toBe(7);
});

it("with a second for every answer all rows are stored, in few statements, holding one row a person", async () => {
  const USERS = 1_200;
  await addUsers(USERS);
  const writer = await startWriter();
  proxy.slow(1_000);
  for (let version = 1; version <= 10; version++) {
    for (let at = 0; at < USERS; at++) writer.put(at % 64, rowOf(`u${at}`, version), [], version);
    expect(writer.lag()).toBeLessThanOrEqual(USERS);
  }
  await eventually(() => writer.lag() === 0);
  expect(new Set(await versions())).toEqual(new Set([10]));
  expect(batches.length).toBeLessThanOrEqual(Math.ceil(USERS / 500) * 2);
});

it("the position up to which all is stored stands before the oldest change that is not", async () => {
  await addUsers(3);
  const writer = await startWriter();
  proxy.cut();
  writer.put(5, rowOf("u0", 10), [], 10);
  writer.put(5, rowOf("u1", 20), [], 20);
  writer.put(5, rowOf("u0", 30), [], 30);
  writer.put(6, rowOf("u2", 15), [], 15);
  expect(writer.storedUpTo(5, 40)).toBe(9);
  expect(writer.storedUpTo(6, 40)).toBe(14);
  expect(writer.storedUpTo(7, 40)).toBe(40);
  proxy.mend();
  await eventually(() => writer.lag() === 0);
  expect(writer.storedUpTo(5, 40)).toBe(40);
  expect(await versions()).toEqual([30, 20, 15]);
});

const lineAt = (version: number) => ({
  ...({ from: "offline", to: "online", cause: "connect", version, epoch: 1, at: version } as const),
  ...{ connectionId: null, traceId: null },
});
const storedLines = async (userId: string) => {
  const lines = await db.presenceTransition.findMany({ where: { userId }, orderBy: { version: "asc" } });
  return lines.map(({ version }) => Number(version));
};

it("nothing of a canary is stored, whatever its record holds", async () => {
  const writer = await startWriter();
  const canary = canaryId("gw-1", 1);
  writer.put(0, rowOf(canary, 7, { isAnonymous: true }), [lineAt(7)], 7);
  expect(writer.lag()).toBe(0);
  expect(writer.storedUpTo(0, 7)).toBe(7);
  writer.put(0, rowOf("after", 8), [lineAt(8)], 8);
  await eventually(() => writer.lag() === 0);
  expect(await storedLines("after")).toEqual([8]);
  expect(await storedLines(canary)).toEqual([]);
});

it("while the database is away the newest lines of a person's history wait, the older ones are counted and dropped", async () => {
  await addUsers(2);
  const writer = await startWriter();
  proxy.cut();
  for (let version = 1; version <= 8_000; version++)
    writer.put(0, rowOf("u0", version), [lineAt(version)], version);
  writer.put(0, rowOf("u1", 8_001), [lineAt(8_001)], 8_001);
  const kept = writer.unsaved(0, "u0").map(({ version }) => version);
  expect(kept).toHaveLength(100);
  expect(kept.at(-1)).toBe(8_000);
  expect(dropped).toBe(7_900);
  proxy.mend();
  await eventually(() => writer.lag() === 0);
  expect(await storedLines("u0")).toEqual(kept);
  expect(await storedLines("u1")).toEqual([8_001]);
});

it("the lines of all people together have a bound, under which each keeps the last", async () => {
  const writer = await startWriter();
  proxy.cut();
  const PEOPLE = 2_500;
  for (let round = 0; round < 100; round++)
    for (let at = 0; at < PEOPLE; at++) {
      const version = round * PEOPLE + at + 1;
      writer.put(0, rowOf(`v${at}`, version), [lineAt(version)], version);
    }
  const waiting = Array.from({ length: PEOPLE }, (_, at) => writer.unsaved(0, `v${at}`));
  expect(waiting.flat().length).toBeLessThanOrEqual(200_000);
  expect(waiting.every((lines) => lines.at(-1)?.version)).toBe(true);
  writer.drop(0);
  expect(writer.lag()).toBe(0);
});
