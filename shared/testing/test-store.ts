import { close, type Database, type DatabaseOptions, openDatabase } from "../src/db/client.ts";
import { migrate } from "../src/db/migrate.ts";
import { seedDemo } from "../src/db/seed.ts";
import { createPostgresStore } from "../src/db/store.ts";
import type { Store } from "../src/ports/store.ts";

/** A store on PostgreSQL, and the client by which a test acts as the application whose tables these are. */
export interface TestStore {
  store: Store;
  db: Database;
  /** how many statements this client has sent so far */
  statements(): number;
  close(): Promise<void>;
}

/** Brings the database at `url` to the newest schema; `seeds`: with the demo's people in it. */
export async function prepareDatabase(url: string, { seeds = false } = {}): Promise<void> {
  await migrate(url);
  if (seeds) await seedDemo(url);
}

/** Opens a store on a database that {@link prepareDatabase} has brought to the newest schema. */
export async function openStore(url: string, options?: DatabaseOptions): Promise<TestStore> {
  const db = await openDatabase(url, options);
  let statements = 0;
  db.pool.on("acquire", () => statements++);
  return { store: createPostgresStore(db), db, statements: () => statements, close: () => close(db) };
}
