import pg from "pg";
import { expect, test } from "vitest";
import { staleOnlineSql } from "../../src/db/stale-online.ts";
import { addConversation, useDatabase } from "./use-database.ts";

const database = useDatabase();
const MINUTE = 60_000;

test("the partial indexes are used even where plans are generic, and conversations are read of the page alone", async () => {
  await addConversation(database.db, "room");
  // A client of its own: the statements of a service have to end within seconds.
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    await client.query(`INSERT INTO "User" ("username", "isOnline", "lastActiveAt")
      SELECT 'u', i % 100 = 0, now() - i * interval '1 second' FROM generate_series(1, 20000) i`);
    await client.query(`
      INSERT INTO "AnonymousParticipant" ("username", "isOnline", "lastActiveAt", "shareLinkId", "conversationId")
      SELECT 'g', i % 100 = 0, now() - i * interval '1 second', 'room-link', 'room' FROM generate_series(1, 20000) i`);
    await client.query("ANALYZE");
    await client.query("SET plan_cache_mode = force_generic_plan");
    await client.query(`PREPARE stale(text) AS ${staleOnlineSql({ thresholdMs: 5 * MINUTE, limit: 100 })}`);
    const { rows } = await client.query("EXPLAIN ANALYZE EXECUTE stale('')");
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toContain(`"User_lastActiveAt_online_idx"`);
    expect(plan).toContain(`"AnonymousParticipant_lastActiveAt_online_idx"`);
    expect(plan).not.toMatch(/Seq Scan on "(User|AnonymousParticipant)"/);
    expect(plan).toMatch(/"ConversationMember".* loops=101\)/);
  } finally {
    await client.end();
  }
});
