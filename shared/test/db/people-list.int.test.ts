import pg from "pg";
import { expect, test } from "vitest";
import { peopleSql } from "../../src/db/people-list.ts";
import { useDatabase } from "./use-database.ts";

const database = useDatabase();

test.each(["everyone", "present", "absent"] as const)(
  "a page of %s is entered at its place through an index, by the plan for any place too",
  async (among) => {
    const { db } = database;
    await db.user.deleteMany();
    await db.$executeRaw`INSERT INTO "User" ("id", "username", "isOnline")
      SELECT gen_random_uuid(), 'name', i % 50 = 0 FROM generate_series(1, 20000) i`;
    await db.$executeRaw`ANALYZE "User"`;
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query("SET plan_cache_mode = force_generic_plan");
    await client.query(`PREPARE page(text) AS ${peopleSql({ after: "", limit: 50, among, text: "" })}`);
    const { rows } = await client.query("EXPLAIN EXECUTE page('5')");
    await client.end();
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    const index = among === "present" ? "User_id_present_idx" : "User_pkey";
    expect(plan).toContain(`Index Scan using "${index}" on "User"`);
    expect(plan).not.toContain('Seq Scan on "User"');
  },
);
