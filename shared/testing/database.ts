import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { addressOf, execute, TEMPLATES } from "./shared-postgres.ts";

/** A database on a PostgreSQL that other test files use too. To kill or restart one, start it by `startPostgres`. */
export type TestDatabase = {
  url: string;
  /** Removes the database, and ends what is still connected to it. */
  stop(): Promise<void>;
};

/**
 * A database of the newest schema; with the demo's people in it, or with nothing at all, if `content` says so. It is a
 * copy of one that was made at the start of the run, which takes a tenth of what a server of its own does.
 */
export async function createTestDatabase(content: keyof typeof TEMPLATES = "schema"): Promise<TestDatabase> {
  const server = inject("postgres");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATES[content]} STRATEGY FILE_COPY`);
  return {
    url: addressOf(server, name),
    stop: () => execute(server, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}
