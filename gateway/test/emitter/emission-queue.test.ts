import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createEmissionQueue } from "../../src/emitter/emission-queue.ts";

const sockets = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);
/** Writes down what was sent in which turn of the event loop. */
function recorder() {
  const lines: { turn: number; job: string; ids: number }[] = [];
  let turn = 0;
  const tick = () => {
    turn++;
    ticking = setImmediate(tick);
  };
  let ticking = setImmediate(tick); // ahead of the queue's own in every turn
  onTestFinished(() => clearImmediate(ticking));
  return {
    lines,
    as: (job: string) => (ids: string[]) => void lines.push({ turn, job, ids: ids.length }),
    async turns(count: number) {
      for (let n = 0; n < count; n++) await nextTurn();
    },
  };
}

describe("emissions", () => {
  it("to a few sockets go out at once", () => {
    const { lines, as } = recorder();
    const queue = createEmissionQueue(500);
    queue.push(sockets(200), as("a"));
    queue.push(sockets(300), as("b"));
    expect(lines).toEqual([
      { turn: 0, job: "a", ids: 200 },
      { turn: 0, job: "b", ids: 300 },
    ]);
  });

  it("to many sockets are cut over turns of the event loop, however many changes come in one", async () => {
    const { lines, as, turns } = recorder();
    const queue = createEmissionQueue(500);
    const names = ["a", "b", "c", "d", "e", "f"];
    for (const name of names) queue.push(sockets(700), as(name));
    expect(lines).toEqual([{ turn: 0, job: "a", ids: 500 }]);
    await turns(12);
    for (const slice of Map.groupBy(lines, ({ turn }) => turn).values()) {
      expect(slice.reduce((sum, { ids }) => sum + ids, 0)).toBeLessThanOrEqual(500);
    }
    expect(lines.reduce((sum, { ids }) => sum + ids, 0)).toBe(6 * 700);
  });

  it("go out in the order in which they came, whole before the next begins", async () => {
    const { lines, as, turns } = recorder();
    const queue = createEmissionQueue(100);
    queue.push(sockets(250), as("old"));
    queue.push(sockets(1), as("new"));
    await turns(1);
    queue.push(sockets(1), as("newest"));
    await turns(5);
    expect(lines.map(({ job }) => job)).toEqual(["old", "old", "old", "new", "newest"]);
  });

  it("to no sockets call nothing, since a list of no sockets would mean all", async () => {
    const { lines, as, turns } = recorder();
    const queue = createEmissionQueue(100);
    queue.push([], as("none"));
    queue.push(sockets(100), as("some"));
    queue.push([], as("none"));
    await turns(2);
    expect(lines.map(({ job }) => job)).toEqual(["some"]);
  });

  it("call back when all before is sent, and go on from inside of that", async () => {
    const { lines, as, turns } = recorder();
    const queue = createEmissionQueue(100);
    queue.push(sockets(150), as("before"));
    queue.afterwards(() => {
      as("callback")([]);
      queue.push(sockets(80), as("inside"));
    });
    queue.push(sockets(1), as("after"));
    await turns(4);
    expect(lines.map(({ job }) => job)).toEqual([
      "before",
      "before",
      "callback",
      "after",
      "inside",
      "inside",
    ]);
  });

  it("that wait go out socket by socket, all that waits for one together", async () => {
    const { lines, as, turns } = recorder();
    const queue = createEmissionQueue(100);
    queue.push(sockets(100), as("now"));
    for (const name of ["a", "b", "c", "d", "e"]) queue.push(sockets(100), as(name));
    await turns(1);
    expect(lines.slice(1).map(({ job, ids }) => [job, ids])).toEqual([
      ["a", 20],
      ["b", 20],
      ["c", 20],
      ["d", 20],
      ["e", 20],
    ]);
    await turns(6);
    expect(lines.reduce((sum, { ids }) => sum + ids, 0)).toBe(600);
  });

  it("reach each socket once and in order, and call back after all before, however they fall into turns", async () => {
    const receivers = fc.uniqueArray(fc.integer({ min: 0, max: 12 }).map(String), { maxLength: 12 });
    const step = fc.record({ receivers, isTurnOver: fc.boolean(), pushesAgain: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        async (steps, budget) => {
          const queue = createEmissionQueue(budget);
          const wanted = new Map<string, number[]>();
          const got = new Map<string, number[]>();
          const note = (into: typeof got, ids: string[], job: number) => {
            for (const id of ids) into.set(id, [...(into.get(id) ?? []), job]);
          };
          let pushed = 0;
          let early = 0;
          const push = (ids: string[]) => {
            const job = pushed++;
            note(wanted, ids, job);
            queue.push(ids, (slice) => note(got, slice, job));
          };
          for (const { receivers: ids, isTurnOver, pushesAgain } of steps) {
            push(ids);
            const before = [...wanted].map(([id, all]) => [id, all.length] as const);
            queue.afterwards(() => {
              if (before.some(([id, count]) => (got.get(id)?.length ?? 0) < count)) early++;
              if (pushesAgain) push(ids);
            });
            if (isTurnOver) await nextTurn();
          }
          const { promise: allSent, resolve } = Promise.withResolvers<void>();
          queue.afterwards(() => queue.afterwards(resolve));
          await allSent;
          for (let n = 0; n < 60; n++) await nextTurn();
          expect(got).toEqual(wanted);
          expect(early).toBe(0);
        },
      ),
    );
  });
});
