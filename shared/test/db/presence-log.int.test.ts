import { expect, test } from "vitest";
import { recordHighestSequence } from "../../src/db/presence-log.ts";
import { useDatabase } from "./use-database.ts";

const database = useDatabase();

test("owners that note at once, in any order, leave the highest", async () => {
  const all = Array.from({ length: 64 }, (_, partition) => partition);
  await Promise.all(
    Array.from({ length: 20 }, (_, turn) =>
      recordHighestSequence(
        database.db,
        (turn % 2 === 0 ? all : all.toReversed()).map((partition) => ({
          partition,
          epoch: 1,
          seq: turn + 1,
        })),
      ),
    ),
  );
  expect(await database.db.presenceLog.count({ where: { epoch: 1, seq: 20 } })).toBe(64);
});
