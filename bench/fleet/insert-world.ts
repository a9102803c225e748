import pg from "pg";
import { insertPopulation } from "../../chaos/fleet/insert.ts";
import type { World } from "./world.ts";

/** Puts the people and their conversations into a migrated, empty database. */
export async function insertWorld(databaseUrl: string, world: World): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  await insertPopulation(pool, world).finally(() => pool.end());
}
