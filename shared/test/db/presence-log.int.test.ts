import { beforeEach, expect, test } from "vitest";
import { highestSequence, recordHighestSequence } from "../../src/db/presence-log.ts";
import { useDatabase } from "./use-database.ts";

const database = useDatabase();
const record = (...positions: { partition: number; epoch: number; seq: number }[]) =>
  recordHighestSequence(database.db, positions);

beforeEach(async () => {
  await database.db.presenceLog.deleteMany();
});

test("before the first note there is none", async () => {
  await record();
  expect(await highestSequence(database.db)).toBeUndefined();
});

test("the furthest partition tells", async () => {
  await record(
    { partition: 0, epoch: 1, seq: 10 },
    { partition: 7, epoch: 1, seq: 2 ** 40 },
    { partition: 63, epoch: 1, seq: 30 },
  );
  expect(await highestSequence(database.db)).toEqual({ epoch: 1, seq: 2 ** 40 });
});

test("a sequence never goes down within an epoch, and an earlier epoch changes nothing", async () => {
  await record({ partition: 3, epoch: 2, seq: 50 });
  await record({ partition: 3, epoch: 2, seq: 40 });
  await record({ partition: 3, epoch: 1, seq: 90 });
  expect(await highestSequence(database.db)).toEqual({ epoch: 2, seq: 50 });
  await record({ partition: 3, epoch: 2, seq: 51 });
  expect(await highestSequence(database.db)).toEqual({ epoch: 2, seq: 51 });
});

test("a new epoch begins low and outranks the old one in every partition", async () => {
  await record({ partition: 1, epoch: 1, seq: 900 }, { partition: 2, epoch: 1, seq: 950 });
  await record({ partition: 1, epoch: 2, seq: 4 });
  expect(await highestSequence(database.db)).toEqual({ epoch: 2, seq: 4 });
});

test("an epoch that no service can have come to is replaced by ours", async () => {
  await record({ partition: 1, epoch: 2 ** 31 - 1, seq: 9 });
  await record({ partition: 1, epoch: 3, seq: 4 });
  expect(await highestSequence(database.db)).toEqual({ epoch: 3, seq: 4 });
});

test("a partition named twice counts with its highest", async () => {
  await record(
    { partition: 1, epoch: 1, seq: 9 },
    { partition: 1, epoch: 2, seq: 3 },
    { partition: 1, epoch: 2, seq: 2 },
  );
  expect(await highestSequence(database.db)).toEqual({ epoch: 2, seq: 3 });
});

test("owners that note at once, in any order, leave the highest", async () => {
  const all = Array.from({ length: 64 }, (_, partition) => partition);
  await Promise.all(
    Array.from({ length: 20 }, (_, turn) =>
      record(
        ...(turn % 2 === 0 ? all : all.toReversed()).map((partition) => ({
          partition,
          epoch: 1,
          seq: turn + 1,
        })),
      ),
    ),
  );
  expect(await database.db.presenceLog.count({ where: { epoch: 1, seq: 20 } })).toBe(64);
});
