import { beforeEach, expect, test } from "vitest";
import {
  deleteTransitions,
  pruneTransitions,
  recentTransitions,
  type TransitionRow,
  writeTransitions,
} from "../../src/db/transitions.ts";
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

test("a line of history is stored as it is, for people whom the database does not know too", async () => {
  const rows = [
    line("auth0|o'hara", 3, { connectionId: "c1", traceId: "0af7" }),
    line("anon_x", 4, { from: "offline", to: "online", cause: "connect" }),
  ];
  expect(await writeTransitions(database.db, rows)).toBe(2);
  const stored = await database.db.presenceTransition.findMany({ orderBy: { version: "asc" } });
  expect(stored).toEqual(rows.map((row) => ({ ...row, version: BigInt(row.version), at: new Date(AT) })));
});

test("a line that is there already stays, whether repeated in one call or in another", async () => {
  expect(await writeTransitions(database.db, [line("rita", 1), line("rita", 1), line("rita", 2)])).toBe(2);
  expect(await writeTransitions(database.db, [line("rita", 2, { to: "online" }), line("rita", 3)])).toBe(1);
  expect(await writeTransitions(database.db, [line("rita", 1, { epoch: 2 })])).toBe(1);
  const stored = await database.db.presenceTransition.findMany({ where: { userId: "rita" } });
  expect(stored.map(({ to }) => to)).toEqual(["offline", "offline", "offline", "offline"]);
});

test("an id that cannot be stored harms nobody else", async () => {
  expect(await writeTransitions(database.db, [line("nul\0", 1), line("sam", 1)])).toBe(1);
  expect(await writeTransitions(database.db, [])).toBe(0);
});

test("overlapping calls in any order never deadlock and store each line once", async () => {
  const lines = Array.from({ length: 1_500 }, (_, index) => line(`user-${index % 97}`, index));
  const counts = await Promise.all(
    Array.from({ length: 8 }, (_, turn) =>
      writeTransitions(database.db, turn % 2 === 0 ? lines : lines.toReversed()),
    ),
  );
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_500);
});

test("the last lines of a person are read newest first, a new epoch before the old one", async () => {
  const rows = [
    line("tom", 7, { traceId: "t", connectionId: "c" }),
    line("tom", 8),
    line("tom", 2, { epoch: 2 }),
  ];
  await writeTransitions(database.db, [...rows, line("una", 9)]);
  expect(await recentTransitions(database.db, "tom", 50)).toEqual(rows.toReversed());
  expect(await recentTransitions(database.db, "tom", 1)).toEqual([rows[2]]);
  for (const id of ["nobody", "nul\0"]) expect(await recentTransitions(database.db, id, 50)).toEqual([]);
});

test("the history of a person who was deleted is forgotten, that of others kept", async () => {
  await writeTransitions(database.db, [line("tom", 1), line("tom", 2), line("una", 3)]);
  await deleteTransitions(database.db, "tom");
  await deleteTransitions(database.db, "nul\0");
  expect(await database.db.presenceTransition.findMany({ select: { userId: true } })).toEqual([
    { userId: "una" },
  ]);
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
