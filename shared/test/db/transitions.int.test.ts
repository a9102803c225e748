import pg from "pg";
import { beforeEach, expect, test } from "vitest";
import { FOLLOWING_SQL, pruneTransitions, writeTransitions } from "../../src/db/transitions.ts";
import type { TransitionRow } from "../../src/ports/transition-history.ts";
import { useDatabase } from "./use-database.ts";

const database = useDatabase();

beforeEach(async () => {
  await database.db.presenceTransition.deleteMany();
});

const AT = Date.UTC(2030, 0, 1, 12, 0, 0, 7);

function line(userId: string, version: number, changes: Partial<TransitionRow> = {}): TransitionRow {
  return {
    userId,
    epoch: 1,
    version,
    at: AT,
    from: "zombie",
    to: "offline",
    cause: "connection-lost",
    connectionId: null,
    traceId: null,
    ...changes,
  };
}

test("overlapping calls in any order never deadlock and store each line once", async () => {
  const lines = Array.from({ length: 1_500 }, (_, index) => line(`user-${index % 97}`, index));
  const counts = await Promise.all(
    Array.from({ length: 8 }, (_, turn) =>
      writeTransitions(database.db, turn % 2 === 0 ? lines : lines.toReversed()),
    ),
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_500);
});

test("what is older than the days to keep is forgotten, each line by one of those who prune at once", async () => {
  const daysAgo = (days: number) => Date.now() - days * 86_400_000;
  const old = Array.from({ length: 11_000 }, (_, index) => line("tom", index, { at: daysAgo(31) }));
  const young = [line("una", 1, { at: daysAgo(29) }), line("una", 2, { at: daysAgo(0) })];
  await writeTransitions(database.db, [...old, ...young]);
  const counts = await Promise.all([1, 2, 3].map(() => pruneTransitions(database.db, 30)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(11_000);
  expect(await database.db.presenceTransition.count()).toBe(2);
});

test("the lines that follow a place are read through the index, by the plan for any place too", async () => {
  await database.db.$executeRaw`INSERT INTO "PresenceTransition" ("userId", "version", "at")
    SELECT 'u' || i % 97, i, now() - i * interval '1 second' FROM generate_series(1, 20000) i`;
  await database.db.$executeRaw`ANALYZE "PresenceTransition"`;
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query("SET plan_cache_mode = force_generic_plan");
  await client.query(`PREPARE lines AS ${FOLLOWING_SQL}`);
  const { rows } = await client.query(`EXPLAIN EXECUTE lines(now() - interval '10 seconds', '', 0, 0)`);
  await client.end();
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain('using "PresenceTransition_at_idx"');
  expect(plan).toMatch(/Index Cond: .*at >=? /);
});
