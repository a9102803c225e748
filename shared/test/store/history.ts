import { beforeEach, describe, expect, test } from "vitest";
import { FOLLOWING_MAX, type TransitionRow } from "../../src/ports/transition-history.ts";
import type { Fresh, StoreBench } from "./bench.ts";

const AT = Date.UTC(2030, 0, 1, 12, 0, 0, 7);

const line = (userId: string, version: number, changes: Partial<TransitionRow> = {}): TransitionRow => ({
  ...{ userId, version, epoch: 1, at: AT, from: "zombie", to: "offline", cause: "connection-lost" },
  ...{ connectionId: null, traceId: null },
  ...changes,
});

/** People's history, and how far the log was processed. */
export function describeHistory(fresh: Fresh): void {
  describe("history", () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await fresh();
    });
    const history = () => bench.store.history;

    test("a line of history is stored as it is, for people without a row in the store too", async () => {
      const rows = [
        line("auth0|o'hara", 3, { connectionId: "c1", traceId: "0af7" }),
        line("anon_x", 4, { from: "offline", to: "online", cause: "connect" }),
      ];
      expect(await history().write(rows)).toBe(2);
      for (const row of rows) expect(await history().recent(row.userId, 10)).toEqual([row]);
    });

    test("a line that is there already stays, whether repeated in one call or in another", async () => {
      expect(await history().write([line("rita", 1), line("rita", 1), line("rita", 2)])).toBe(2);
      expect(await history().write([line("rita", 2, { to: "online" }), line("rita", 3)])).toBe(1);
      expect(await history().write([line("rita", 1, { epoch: 2 })])).toBe(1);
      const stored = await history().recent("rita", 10);
      expect(stored.map(({ to }) => to)).toEqual(["offline", "offline", "offline", "offline"]);
    });

    test("an id that cannot be stored harms no other", async () => {
      expect(await history().write([line("nul\0", 1), line("sam", 1)])).toBe(1);
      expect(await history().write([])).toBe(0);
    });

    test("the last lines of a person are read newest first, a new epoch before the old one", async () => {
      const rows = [
        line("tom", 7, { traceId: "t", connectionId: "c" }),
        line("tom", 8),
        line("tom", 2, { epoch: 2 }),
      ];
      await history().write([...rows, line("una", 9)]);
      expect(await history().recent("tom", 50)).toEqual(rows.toReversed());
      expect(await history().recent("tom", 1)).toEqual([rows[2]]);
      for (const id of ["unknown", "nul\0"]) expect(await history().recent(id, 50)).toEqual([]);
    });

    test("the lines of everyone follow a place, the earliest first, each once, those of one moment too", async () => {
      expect(await history().newestAt()).toBeNull();
      const rows = [
        line("una", 3, { at: AT - 5 }),
        line("tom", 9),
        line("tom", 2, { epoch: 2 }),
        line("una", 1),
        line("anon_x", 4, { at: AT + 1, traceId: "t" }),
      ];
      await history().write(rows.toReversed());
      expect(await history().newestAt()).toBe(AT + 1);
      const start = { at: AT - 10, userId: "", epoch: 0, version: 0 };
      expect(await history().following(start)).toEqual(rows);
      for (const [n, row] of rows.entries())
        expect(await history().following(row)).toEqual(rows.slice(n + 1));
    });

    test("of the lines that follow a place so many are given at once", async () => {
      await history().write(Array.from({ length: FOLLOWING_MAX + 3 }, (_, n) => line(`u${n % 7}`, n)));
      const first = await history().following({ at: 0, userId: "", epoch: 0, version: 0 });
      const last = first.at(-1);
      if (!last) throw new Error("no line follows");
      expect([first.length, (await history().following(last)).length]).toEqual([FOLLOWING_MAX, 3]);
    });

    test("the history of one person is deleted, that of others kept", async () => {
      await history().write([line("tom", 1), line("tom", 2), line("una", 3)]);
      await history().erase("tom");
      await history().erase("nul\0");
      expect(await history().recent("tom", 10)).toEqual([]);
      expect(await history().recent("una", 10)).toHaveLength(1);
    });

    test("what is older than the days to keep is deleted", async () => {
      const daysAgo = (days: number) => Date.now() - days * 86_400_000;
      const old = [31, 40, 400].map((days, at) => line("tom", at, { at: daysAgo(days) }));
      const young = [line("una", 1, { at: daysAgo(29) }), line("una", 2, { at: daysAgo(0) })];
      await history().write([...old, ...young]);
      expect(await history().prune(30)).toBe(3);
      expect(await history().prune(30)).toBe(0);
      expect(await history().recent("una", 10)).toHaveLength(2);
    });
  });

  describe("the progress of the log", () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await fresh();
    });
    const record = (...positions: [partition: number, epoch: number, seq: number][]) =>
      bench.store.progress.record(positions.map(([partition, epoch, seq]) => ({ partition, epoch, seq })));
    const highest = () => bench.store.progress.highest();

    test("before the first note there is none", async () => {
      await record();
      expect(await highest()).toBeUndefined();
    });

    test("the furthest partition counts", async () => {
      await record([0, 1, 10], [7, 1, 2 ** 40], [63, 1, 30]);
      expect(await highest()).toEqual({ epoch: 1, seq: 2 ** 40 });
    });

    test("a sequence never goes down within an epoch, and an earlier epoch changes nothing", async () => {
      await record([3, 2, 50]);
      await record([3, 2, 40]);
      await record([3, 1, 90]);
      expect(await highest()).toEqual({ epoch: 2, seq: 50 });
      await record([3, 2, 51]);
      expect(await highest()).toEqual({ epoch: 2, seq: 51 });
    });

    test("a new epoch begins low and outranks the old one in every partition", async () => {
      await record([1, 1, 900], [2, 1, 950]);
      await record([1, 2, 4]);
      expect(await highest()).toEqual({ epoch: 2, seq: 4 });
    });

    test("an epoch that no service can have come to is replaced by ours", async () => {
      await record([1, 2 ** 31 - 1, 9]);
      await record([1, 3, 4]);
      expect(await highest()).toEqual({ epoch: 3, seq: 4 });
    });

    test("a partition named twice counts with its highest", async () => {
      await record([1, 1, 9], [1, 2, 3], [1, 2, 2]);
      expect(await highest()).toEqual({ epoch: 2, seq: 3 });
    });
  });
}
