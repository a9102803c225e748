import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInOrder } from "../../src/core/in-order.ts";

describe("messages put in order", () => {
  it("come out complete and in order once the gaps are read, however they came in", () => {
    const arrivals = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 20 }), isRead: fc.boolean() }));
    fc.assert(
      fc.property(arrivals, (given) => {
        const inOrder = createInOrder<number>({ maxHeld: 100 });
        const out: number[] = [];
        for (const { seq, isRead } of given) {
          if (isRead) inOrder.advance(seq);
          else inOrder.hold(seq, seq);
          out.push(...inOrder.release().map(({ message }) => message));
        }
        expect(out).toEqual([...new Set(out)].sort((a, b) => a - b));
        expect(inOrder.highestHeld() === 0 || inOrder.highestHeld() > inOrder.seen()).toBe(true);
        inOrder.advance(inOrder.highestHeld());
        expect(inOrder.release()).toEqual([]);
        expect(inOrder.highestHeld()).toBe(0);
      }),
    );
  });

  it("are held behind a gap and released when it closes", () => {
    const inOrder = createInOrder<string>({ maxHeld: 100 });
    inOrder.reset(10);
    inOrder.hold(13, "c");
    inOrder.hold(12, "b");
    inOrder.hold(9, "known");
    expect(inOrder.release()).toEqual([]);
    expect(inOrder.highestHeld()).toBe(13);
    inOrder.advance(11);
    expect(inOrder.release()).toEqual([
      { seq: 12, message: "b" },
      { seq: 13, message: "c" },
    ]);
    expect(inOrder.seen()).toBe(13);
  });

  it("are dropped when too many are held, to be read elsewhere", () => {
    const inOrder = createInOrder<string>({ maxHeld: 2 });
    for (const seq of [5, 6, 7]) inOrder.hold(seq, String(seq));
    inOrder.advance(4);
    expect(inOrder.release()).toEqual([]);
    expect(inOrder.highestHeld()).toBe(7);
  });
});
