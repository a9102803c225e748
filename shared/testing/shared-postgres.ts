import pg from "pg";
import type { TestProject } from "vitest/node";
import { startPostgres } from "./servers.ts";
import { prepareDatabase } from "./test-store.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the PostgreSQL that the files of a project share. */
    postgres: string;
  }
}

/** The databases that are copied for tests, by what is in them. */
export const TEMPLATES = { nothing: "template0", schema: "template_schema", demo: "template_demo" };

/** A file at a time has a few gateways or workers, each with a pool of connections. */
const MAX_CONNECTIONS = 400;

/** What vitest runs before the first file of a project; gives what it runs after the last. */
export default async function startSharedPostgres(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await startPostgres({ maxConnections: MAX_CONNECTIONS });
  await execute(url, `CREATE DATABASE ${TEMPLATES.schema}`);
  await prepareDatabase(addressOf(url, TEMPLATES.schema));
  await execute(url, `CREATE DATABASE ${TEMPLATES.demo} TEMPLATE ${TEMPLATES.schema}`);
  await prepareDatabase(addressOf(url, TEMPLATES.demo), { seeds: true });
  // A database with connections cannot be copied.
  for (const name of [TEMPLATES.schema, TEMPLATES.demo])
    await execute(url, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  project.provide("postgres", url);
  return stop;
}

export function addressOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = database;
  return url.href;
}

export async function execute(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
