import pg from "pg";
import { expect, test } from "vitest";
import { useDatabase } from "./use-database.ts";

const database = useDatabase();

test("a page is entered at the cursor through the index", async () => {
  await database.db.$executeRaw`INSERT INTO "Message" ("conversationId", "senderId", "createdAt")
    SELECT 'c' || i % 20, 'ann', now() - i * interval '1 second' FROM generate_series(1, 20000) i`;
  await database.db.$executeRaw`ANALYZE "Message"`;
  const client = new pg.Client(database.url);
  await client.connect();
  const { rows } = await client.query(`EXPLAIN SELECT * FROM "Message"
    WHERE "conversationId" = 'c3' AND ("createdAt", "id") < (now() - interval '1 hour', 'x')
    ORDER BY "createdAt" DESC, "id" DESC LIMIT 50`);
  await client.end();
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toMatch(/Index Cond: .*ROW\("createdAt", id\) </);
  expect(plan).not.toContain("Sort");
});
