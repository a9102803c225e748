import { createTestDatabase, type TestDatabase } from "@meeshy/shared/testing/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, openDatabase } from "../../src/db/client.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.stop());

test.each([
  { behind: "no pooler", query: "", prepared: ["probe"] },
  { behind: "a pooler", query: "?pgbouncer=true", prepared: [] },
])("a read stays prepared under its name, raw statements do not: behind $behind", async (given) => {
  const db = await openDatabase(`${database.url}${given.query}`, { poolSize: 1 });
  for (const n of [1, 2]) {
    expect(await db.read("probe")`SELECT ${n}::int AS n`).toEqual([{ n }]);
    expect(await db.$queryRaw`SELECT ${n}::int AS n`).toEqual([{ n }]);
  }
  const kept = await db.$queryRaw<{ name: string }[]>`SELECT name FROM pg_prepared_statements`;
  expect(kept.map(({ name }) => name)).toEqual(given.prepared);
  await close(db);
});

test("rows come as JSON makes them, in their order, and none is an empty list", async () => {
  const db = await openDatabase(database.url);
  const ids = ["b", 'a "quoted", {braced} \\ one', "c"];
  const read = (wanted: string[]) => db.read("typed")`
    SELECT id, 9007199254740991::bigint AS "version", '2030-07-01T12:00:00.123Z'::timestamptz AS "at",
           NULL::text AS "nothing", ARRAY['x', id] AS "list"
    FROM unnest(${ids}::text[]) AS id WHERE id = ANY(${wanted}) ORDER BY id COLLATE "C" DESC LIMIT ${2}`;
  const row = (id: string) => ({
    id,
    version: Number.MAX_SAFE_INTEGER,
    at: "2030-07-01T12:00:00.123+00:00",
    nothing: null,
    list: ["x", id],
  });
  expect(await read(ids)).toEqual([row("c"), row("b")]);
  expect(await read(ids.slice(1, 2))).toEqual([row(ids[1] as string)]);
  expect(await read([])).toEqual([]);
  await close(db);
});
