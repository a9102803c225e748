import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "../src/fifo.ts";

test("gives items back in the order in which they came, whatever is done in between", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ shift: fc.integer({ min: 1, max: 3_000 }) }),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(steps, (program) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of program) {
        if ("push" in step) {
          for (let i = 0; i < step.push; i++, next++) {
            fifo.push(next);
            model.push(next);
          }
        } else {
          for (let i = 0; i < step.shift; i++) {
            expect(fifo.peek()).toBe(model[0]);
            expect(fifo.shift()).toBe(model.shift());
          }
        }
        expect(fifo.length).toBe(model.length);
        expect([...fifo]).toEqual(model);
      }
    }),
    { numRuns: 20 },
  );
});

test("lets go of what was taken, while others wait and when none do", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const fifo = new Fifo<object>();
  const push = () => {
    const item = {};
    fifo.push(item);
    return new WeakRef(item);
  };
  const items = [push(), push(), push()];
  const held = async () => {
    await turn();
    collectGarbage();
    return items.map((item) => item.deref() !== undefined);
  };
  fifo.shift();
  expect(await held()).toEqual([false, true, true]);
  fifo.shift();
  fifo.shift();
  expect(await held()).toEqual([false, false, false]);
});
