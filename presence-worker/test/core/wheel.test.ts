import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWheel, TICK_MS } from "../../src/core/wheel.ts";

describe("the timing wheel", () => {
  it("gives a user out once the deadline has come, not before", () => {
    const wheel = createWheel();
    wheel.schedule("alice", 1_000);
    expect(wheel.take(999)).toEqual([]);
    expect(wheel.take(1_000)).toEqual(["alice"]);
    expect(wheel.take(5_000)).toEqual([]);
  });

  it("moves a user to an earlier deadline, and leaves them at an earlier one", () => {
    const wheel = createWheel();
    wheel.schedule("alice", 9_000);
    wheel.schedule("alice", 1_000);
    wheel.schedule("alice", 8_000);
    expect(wheel.take(1_000)).toEqual(["alice"]);
  });

  it("gives out neighbours one tick after the other", () => {
    const wheel = createWheel();
    wheel.schedule("alice", 5 * TICK_MS);
    wheel.schedule("bob", 6 * TICK_MS);
    expect(wheel.take(5 * TICK_MS)).toEqual(["alice"]);
    expect(wheel.take(6 * TICK_MS)).toEqual(["bob"]);
  });

  it("holds every scheduled user until taken or forgotten, never late by more than a tick", () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant("schedule"), user: fc.nat(9), at: fc.nat(2_500) }),
      fc.record({ do: fc.constant("forget"), user: fc.nat(9), at: fc.constant(0) }),
      fc.record({ do: fc.constant("take"), user: fc.constant(0), at: fc.nat(2_500) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const wheel = createWheel();
        const model = new Map<string, number>();
        for (const { do: verb, user, at } of actions) {
          const id = String(user);
          if (verb === "schedule") {
            wheel.schedule(id, at);
            model.set(id, Math.min(at, model.get(id) ?? Number.POSITIVE_INFINITY));
          } else if (verb === "forget") {
            wheel.forget(id);
            model.delete(id);
          } else {
            const taken = new Set(wheel.take(at));
            for (const [known, deadline] of model) {
              if (taken.has(known)) expect(deadline).toBeLessThanOrEqual(at);
              else expect(deadline).toBeGreaterThan(at - TICK_MS);
            }
            for (const known of taken) model.delete(known);
          }
          expect(wheel.size()).toBe(model.size);
        }
      }),
    );
  });
});
