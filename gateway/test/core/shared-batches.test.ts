import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSharedBatches } from "../../src/core/shared-batches.ts";

interface Change {
  user: string;
  version: number;
}
const create = () => createSharedBatches<Change>(({ user }) => user);
const change = (user: string, version: number): Change => ({ user, version });
const contents = (batches: ReturnType<typeof create>) =>
  batches.take().map(({ receivers, items }) => ({
    receivers: receivers.join(" "),
    items: items.map(({ user, version }) => `${user}${version}`).join(" "),
  }));

describe("batches", () => {
  it("are one for all with the same items, and others where an item was withheld", () => {
    const batches = create();
    batches.add(["r1", "r2", "r3", "r4"], change("a", 1));
    batches.add(["r1", "r2", "r4"], change("b", 1));
    batches.add(["r1", "r2", "r3", "r4"], change("c", 1));
    expect(contents(batches)).toEqual([
      { receivers: "r1 r2 r4", items: "a1 b1 c1" },
      { receivers: "r3", items: "a1 c1" },
    ]);
  });

  it("hold the last status of each user, in the order of the last", () => {
    const batches = create();
    for (const item of [change("a", 1), change("b", 1), change("a", 2)]) batches.add(["r"], item);
    expect(contents(batches)).toEqual([{ receivers: "r", items: "b1 a2" }]);
  });

  it("begin anew when taken", () => {
    const batches = create();
    batches.add(["r"], change("a", 1));
    batches.take();
    expect(batches.isEmpty()).toBe(true);
    batches.add(["r", "s"], change("a", 2));
    expect(contents(batches)).toEqual([{ receivers: "r s", items: "a2" }]);
  });

  it("lose what is out of date for one receiver, and that alone", () => {
    const batches = create();
    const both = ["r", "s"];
    for (const item of [change("a", 1), change("b", 1), change("c", 1)]) batches.add(both, item);
    batches.drop("r", new Set(["b"]));
    batches.add(both, change("d", 1));
    expect(contents(batches)).toEqual([
      { receivers: "r", items: "a1 c1 d1" },
      { receivers: "s", items: "a1 b1 c1 d1" },
    ]);
    batches.add(both, change("a", 2));
    batches.drop("r");
    expect(contents(batches)).toEqual([{ receivers: "s", items: "a2" }]);
  });

  it("hold for each receiver what it would receive on its own", () => {
    const steps = fc.record({
      user: fc.constantFrom("a", "b", "c"),
      to: fc.subarray(["r", "s", "t", "u"]),
      dropped: fc.option(fc.constantFrom("r", "s"), { nil: undefined, freq: 5 }),
    });
    fc.assert(
      fc.property(fc.array(steps), (all) => {
        const batches = create();
        const own = new Map<string, Change[]>();
        for (const [version, { user, to, dropped }] of all.entries()) {
          const item = change(user, version);
          batches.add(to, item);
          for (const id of to) {
            own.set(id, [...(own.get(id) ?? []).filter((one) => one.user !== user), item]);
          }
          if (!dropped) continue;
          batches.drop(dropped, new Set(["a"]));
          own.set(dropped, own.get(dropped)?.filter((one) => one.user !== "a") ?? []);
        }
        const taken = batches.take();
        const got = new Map(taken.flatMap(({ receivers, items }) => receivers.map((id) => [id, items])));
        for (const [id, items] of own) expect(got.get(id) ?? []).toEqual(items);
      }),
    );
  });
});
