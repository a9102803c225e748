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
