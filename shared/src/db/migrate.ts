import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";

/** The lock that the stock CLI takes too: the two never migrate at the same time. */
const ADVISORY_LOCK = 72707369;
const CONNECT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 60_000;

const MIGRATIONS = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

// As the stock CLI creates it.
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/**
 * Brings a database to the newest schema: creates it if it is missing, then applies what is pending, one
 * transaction each, leaving the rows that `prisma migrate` leaves. Processes that call it at once wait for
 * one another. Migrations that were applied and are unknown to this version are left alone: an older process
 * may start beside a newer one.
 *
 * @throws {Error} a migration, which it names, fails, was left unfinished, or was edited after it was
 *   applied; the database cannot be reached (10 s) or created; another process held the lock for 60 s
 */
export async function migrate(
  databaseUrl: string,
  options: { directory?: string } = {},
): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(options.directory ?? MIGRATIONS);
  const client = await connectOrCreate(databaseUrl);
  try {
    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
    await client.query("SET client_min_messages = warning");
    await client.query(BOOKKEEPING);
    const pending = pendingOf(migrations, await appliedRows(client));
    for (const migration of pending) await apply(client, migration);
    return { applied: pending.map(({ name }) => name) };
  } finally {
    await client.end();
  }
}

/**
 * Names of the migrations of this release that a database lacks; changes nothing.
 * @throws {Error} the database cannot be reached (10 s); a migration was left unfinished, or edited after it was applied
 */
export async function pendingMigrations(databaseUrl: string): Promise<string[]> {
  const migrations = await readMigrations(MIGRATIONS);
  const client = await connect(databaseUrl);
  try {
    const { rows } = await client.query(
      `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS "isMigrated"`,
    );
    const applied = rows[0]?.isMigrated === true ? await appliedRows(client) : new Map<string, AppliedRow>();
    return pendingOf(migrations, applied).map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(`${directory}/${name}/migration.sql`, "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  return client;
}

const sqlState = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

async function connectOrCreate(databaseUrl: string): Promise<pg.Client> {
  try {
    return await connect(databaseUrl);
  } catch (error) {
    if (sqlState(error) !== "3D000") throw error; // invalid_catalog_name: there is no such database
    await createDatabase(databaseUrl);
    return connect(databaseUrl);
  }
}

async function createDatabase(databaseUrl: string): Promise<void> {
  const maintenance = new URL(databaseUrl);
  const name = decodeURIComponent(maintenance.pathname.slice(1));
  maintenance.pathname = "/postgres";
  const client = await connect(maintenance.href);
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } catch (cause) {
    const state = sqlState(cause);
    // duplicate_database, and what a race for the same name reports: another process has just made it
    if (state === "42P04" || state === "23505") return;
    throw new Error(
      state === "42501"
        ? `database "${name}" does not exist and this user may not create it: ask an administrator for CREATE DATABASE`
        : `database "${name}" does not exist and could not be created: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    await client.end();
  }
}

async function appliedRows(client: pg.Client): Promise<Map<string, AppliedRow>> {
  const { rows } = await client.query<AppliedRow>(
    `SELECT "migration_name", "checksum", "finished_at" FROM "_prisma_migrations"
     WHERE "rolled_back_at" IS NULL ORDER BY "started_at"`,
  );
  return new Map(rows.map((row) => [row.migration_name, row]));
}

function pendingOf(migrations: readonly Migration[], applied: ReadonlyMap<string, AppliedRow>): Migration[] {
  return migrations.filter(({ name, checksum }) => {
    const row = applied.get(name);
    if (row === undefined) return true;
    if (row.finished_at === null) {
      throw new Error(
        `migration ${name} was begun and never finished: repair it, then \`prisma migrate resolve\``,
      );
    }
    if (row.checksum !== checksum) {
      throw new Error(
        `migration ${name} was changed after it was applied: checksum ${row.checksum} became ${checksum}`,
      );
    }
    return false;
  });
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    await client.query("BEGIN");
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations"
         ("id", "checksum", "migration_name", "started_at", "finished_at", "applied_steps_count")
       VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name, startedAt],
    );
    await client.query("COMMIT");
  } catch (cause) {
    await client.query("ROLLBACK").catch(() => {}); // on a broken connection the server does it
    throw new Error(`migration ${name} failed: ${(cause as Error).message}`, { cause });
  }
}
