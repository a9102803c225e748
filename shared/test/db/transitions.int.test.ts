import { beforeEach, expect, test } from "vitest";
import { pruneTransitions, writeTransitions } from "../../src/db/transitions.ts";
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
