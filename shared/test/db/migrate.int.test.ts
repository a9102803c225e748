import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { migrate } from "../../src/db/migrate.ts";

let server: TestPostgres;
let url: string;
let directory: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  url = await server.createDatabase();
  directory = await mkdtemp(join(tmpdir(), "meeshy-migrations-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function writeMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, "migration.sql"), sql);
}

async function query(sql: string, values: unknown[] = [], address = url): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(address);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function addressOf(name: string): string {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(name)}`;
  return address.href;
}

const migrateModule = new URL("../../src/db/migrate.ts", import.meta.url).href;
const inAnotherProcess = async (address: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { migrate } from ${JSON.stringify(migrateModule)};
     process.stdout.write(JSON.stringify(await migrate(${JSON.stringify(address)})));`,
  ]);

test("four processes that migrate a missing database at once make it and apply each migration once", async () => {
  const address = addressOf("made by four");
  const outputs = await Promise.all([1, 2, 3, 4].map(() => inAnotherProcess(address)));
  const applied = outputs.flatMap(({ stdout }) => (JSON.parse(stdout) as { applied: string[] }).applied);
  const rows = await query(`SELECT "migration_name" FROM "_prisma_migrations"`, [], address);
  expect(applied.length).toBeGreaterThan(0);
  expect(rows.map((row) => row.migration_name).sort()).toEqual(applied.sort());
  expect(outputs.map(({ stderr }) => stderr)).toEqual(["", "", "", ""]);
});

test("many connections that migrate at once apply each migration once", async () => {
  const results = await Promise.all(Array.from({ length: 12 }, () => migrate(url)));
  expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  expect(await migrate(url)).toEqual({ applied: [] });
});

test("pending migrations are applied in the order of their names, later ones when they appear", async () => {
  await writeMigration("2_second", `ALTER TABLE "thing" ADD "b" int`);
  await writeMigration("1_first", `CREATE TABLE "thing" ("a" int)`);
  expect(await migrate(url, { directory })).toEqual({ applied: ["1_first", "2_second"] });
  await writeMigration("3_third", `ALTER TABLE "thing" ADD "c" int; ALTER TABLE "thing" DROP "a"`);
  expect(await migrate(url, { directory })).toEqual({ applied: ["3_third"] });
  expect(await query(`SELECT * FROM "thing"`)).toEqual([]);
});

test("a row of the bookkeeping equals the stock CLI's", async () => {
  await writeMigration("1_first", "SELECT 1");
  await migrate(url, { directory });
  const [row] = await query(`SELECT * FROM "_prisma_migrations"`);
  expect(row).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    checksum: "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5",
    finished_at: expect.any(Date),
    migration_name: "1_first",
    logs: null,
    rolled_back_at: null,
    started_at: expect.any(Date),
    applied_steps_count: 1,
  });
  expect((row?.finished_at as Date) >= (row?.started_at as Date)).toBe(true);
});

test("a migration that fails is named, leaves nothing behind, and can be tried again", async () => {
  await writeMigration("1_first", `CREATE TABLE "kept" ("a" int)`);
  await writeMigration("2_broken", `CREATE TABLE "half" ("a" int); SELECT nothing_of_this_name()`);
  await expect(migrate(url, { directory })).rejects.toThrow(
    /^migration 2_broken failed: .*nothing_of_this_name/,
  );
  expect(await query(`SELECT to_regclass('"kept"') AS kept, to_regclass('"half"') AS half`)).toEqual([
    { kept: "kept", half: null },
  ]);
  await writeMigration("2_broken", `CREATE TABLE "half" ("a" int)`);
  expect(await migrate(url, { directory })).toEqual({ applied: ["2_broken"] });
});

test("a migration that cannot be recorded is not applied", async () => {
  const refusal = `ALTER TABLE "_prisma_migrations" ADD CHECK ("migration_name" <> '1_unrecorded')`;
  await writeMigration("1_unrecorded", `CREATE TABLE "half" ("a" int); ${refusal}`);
  await expect(migrate(url, { directory })).rejects.toThrow(
    /^migration 1_unrecorded failed: .*check constraint/,
  );
  expect(await query(`SELECT to_regclass('"half"') AS half`)).toEqual([{ half: null }]);
});

test("a migration that was edited after it was applied is an error that names it", async () => {
  await writeMigration("1_first", "SELECT 1");
  await migrate(url, { directory });
  await writeMigration("1_first", "SELECT 2");
  await expect(migrate(url, { directory })).rejects.toThrow(
    /^migration 1_first was changed after it was applied/,
  );
});

test("a migration that another tool left unfinished is an error that names it, until it is marked rolled back", async () => {
  await writeMigration("1_first", "SELECT 1");
  await migrate(url, { directory });
  await query(`UPDATE "_prisma_migrations" SET "finished_at" = NULL`);
  await expect(migrate(url, { directory })).rejects.toThrow(
    /^migration 1_first was begun and never finished/,
  );
  await query(`UPDATE "_prisma_migrations" SET "rolled_back_at" = now()`);
  expect(await migrate(url, { directory })).toEqual({ applied: ["1_first"] });
  expect(await migrate(url, { directory })).toEqual({ applied: [] });
});

test("migrations of a newer version are let be", async () => {
  await writeMigration("1_first", "SELECT 1");
  await writeMigration("2_newer", "SELECT 2");
  await migrate(url, { directory });
  await rm(join(directory, "2_newer"), { recursive: true });
  expect(await migrate(url, { directory })).toEqual({ applied: [] });
});

test("a user who may not create the missing database gets an error that says so", async () => {
  await query(`CREATE ROLE "limited" LOGIN PASSWORD 'limited'`);
  const address = new URL(addressOf("missing"));
  address.username = "limited";
  address.password = "limited";
  await expect(migrate(address.href)).rejects.toThrow(
    'database "missing" does not exist and this user may not create it',
  );
});

test("who is not let in gets the server's own reason", async () => {
  const address = new URL(url);
  address.password = "wrong";
  await expect(migrate(address.href)).rejects.toThrow("password authentication failed");
});
