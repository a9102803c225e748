import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backlog } from "../../src/nats/backlog.ts";

const drain = <T>(backlog: Backlog<T>): T[] => {
  const items: T[] = [];
  while (backlog.length > 0) items.push(backlog.shift() as T);
  expect(backlog.shift()).toBeUndefined();
  return items;
};

describe("a backlog", () => {
  test("keeps the last of each key, in the order of the last, and all that have none", () => {
    const backlog = new Backlog<string>();
    backlog.push("a1", { key: "a" });
    backlog.push("free");
    backlog.push("b1", { key: "b" });
    expect(backlog.push("a2", { key: "a" })).toEqual(["a1"]);
    backlog.push("free");
    expect(backlog.length).toBe(4);
    expect(drain(backlog)).toEqual(["free", "b1", "a2", "free"]);
  });

  test("lets two cancel each other out only while the first still waits", () => {
    const backlog = new Backlog<string>();
    backlog.push("in", { key: "in" });
    expect(backlog.push("out", { key: "out", cancels: "in" })).toEqual(["in", "out"]);
    expect(drain(backlog)).toEqual([]);
    backlog.push("in", { key: "in" });
    backlog.shift();
    expect(backlog.push("out", { key: "out", cancels: "in" })).toEqual([]);
    expect(drain(backlog)).toEqual(["out"]);
  });

  test("is like a list that is searched, whatever is done", () => {
    const key = fc.constantFrom("a", "b", "c", undefined);
    const steps = fc.array(fc.record({ key, cancels: key, shift: fc.nat(2) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (program) => {
        const backlog = new Backlog<number>();
        let model: { item: number; key: string | undefined }[] = [];
        for (const [item, step] of program.entries()) {
          const without = (name: string | undefined) =>
            name === undefined ? model : model.filter((one) => one.key !== name);
          const isCancelling = step.key !== undefined && without(step.cancels).length < model.length;
          model = isCancelling ? without(step.cancels) : [...without(step.key), { item, key: step.key }];
          if (step.key === undefined) backlog.push(item);
          else backlog.push(item, { key: step.key, ...(step.cancels && { cancels: step.cancels }) });
          for (let n = 0; n < step.shift; n++) expect(backlog.shift()).toBe(model.shift()?.item);
          expect(backlog.length).toBe(model.length);
        }
        expect(drain(backlog)).toEqual(model.map((one) => one.item));
      }),
    );
  });

  test("stays quick, and as small as its keys, over a million messages", () => {
    const backlog = new Backlog<number>();
    for (let n = 0; n < 1_000_000; n++) backlog.push(n, { key: `${n % 100}` });
    expect(backlog.length).toBe(100);
    expect(drain(backlog)).toEqual(Array.from({ length: 100 }, (_, n) => 999_900 + n));
  });
});
