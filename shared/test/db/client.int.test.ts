import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { close, type Database, openDatabase } from "../../src/db/client.ts";

let server: TestPostgres;
let line: TcpProxy;
let db: Database;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

beforeEach(async () => {
  line = await startTcpProxy(Number(new URL(server.url).port));
  const url = new URL(server.url);
  url.port = String(line.port);
  db = await openDatabase(url.href, { poolSize: 1, connectTimeoutMs: 2_000, statementTimeoutMs: 1_000 });
});
afterEach(async () => {
  await close(db);
  await line.close();
});

/** The server's process that answers: another connection has another. */
const ask = async () => (await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid;

test("a statement that takes too long is an error, and the next one is answered", async () => {
  await expect(db.$queryRaw`SELECT pg_sleep(600)::text`).rejects.toThrow(
    "canceling statement due to statement timeout",
  );
  expect(await ask()).toBeGreaterThan(0);
});

test("a server that goes silent is an error, and its connection is given up for a new one", async () => {
  const before = await ask();
  expect(await ask()).toBe(before);
  line.freeze();
  await expect(ask()).rejects.toThrow("Query read timeout");
  line.mend();
  expect(await ask()).not.toBe(before);
});

test("a server that accepts and sends nothing is an error", async () => {
  line.freeze();
  await expect(ask()).rejects.toThrow(/timeout/i);
  line.mend();
  expect(await ask()).toBeGreaterThan(0);
});

test("a wait for a busy pool ends with an error", async () => {
  const slow = await openDatabase(server.url, {
    poolSize: 1,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 60_000,
  });
  const busy = slow.$queryRaw`SELECT pg_sleep(600)::text`.catch((error: unknown) => error);
  await expect(slow.$queryRaw`SELECT 1`).rejects.toThrow(/timeout/i);
  await db.$queryRaw`SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`;
  expect(await busy).toBeInstanceOf(Error);
  await close(slow);
});

test("a database that restarts breaks idle connections without ending the process, and is used again", async () => {
  const lost: Error[] = [];
  const direct = await openDatabase(server.url, { onConnectionLost: (error) => lost.push(error) });
  await direct.$queryRaw`SELECT 1`;
  await server.restart();
  const answer = await direct.$queryRaw<{ one: number }[]>`SELECT 1 AS one`;
  expect(answer).toEqual([{ one: 1 }]);
  expect(lost.length).toBeGreaterThan(0);
  await close(direct);
});

test("times mean the same in a database of another time zone", async () => {
  const elsewhere = new URL(server.url);
  elsewhere.searchParams.set("options", "-c TimeZone=Asia/Kathmandu");
  const direct = await openDatabase(elsewhere.href);
  const noon = new Date("2030-07-01T12:00:00.000Z");
  const answer = await direct.$queryRaw`
    SELECT '2030-07-01T12:00:00Z'::timestamptz AS "read", extract(epoch FROM ${noon}::timestamptz)::int AS "written"`;
  expect(answer).toEqual([{ read: noon, written: noon.getTime() / 1000 }]);
  await close(direct);
});

test("statements are planned once where that is asked for, and not behind a pooler", async () => {
  const mode = async (url: string, plansOnce: boolean) => {
    const own = await openDatabase(url, { poolSize: 1, plansOnce });
    try {
      const rows = await own.$queryRaw<{ mode: string; zone: string }[]>`
        SELECT current_setting('plan_cache_mode') AS mode, current_setting('TimeZone') AS zone`;
      return rows[0];
    } finally {
      await close(own);
    }
  };
  const pooled = new URL(server.url);
  pooled.searchParams.set("pgbouncer", "true");
  expect(await mode(server.url, true)).toEqual({ mode: "force_generic_plan", zone: "UTC" });
  expect(await mode(server.url, false)).toEqual({ mode: "auto", zone: "UTC" });
  expect(await mode(pooled.href, true)).toEqual({ mode: "auto", zone: "UTC" });
});
