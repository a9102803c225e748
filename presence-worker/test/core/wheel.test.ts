import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWheel, TICK_MS, type TimerNode } from "../../src/core/wheel.ts";

interface User extends TimerNode<User> {
  id: string;
}
const user = (id: string): User => ({ id, slot: null, previous: null, next: null });

/** A wheel of these users that takes and gives their ids. */
function createWheelOf(...users: User[]) {
  const wheel = createWheel<User>();
  const find = (id: string) => users.find((one) => one.id === id) as User;
  return {
    schedule: (id: string, deadline: number) => wheel.schedule(find(id), deadline),
    forget: (id: string) => wheel.forget(find(id)),
    take: (now: number) => wheel.take(now).map(({ id }) => id),
  };
}

describe("the timing wheel", () => {
  it("gives a user out once the deadline has come, not before", () => {
    const wheel = createWheelOf(user("alice"));
    wheel.schedule("alice", 1_000);
    expect(wheel.take(999)).toEqual([]);
    expect(wheel.take(1_000)).toEqual(["alice"]);
    expect(wheel.take(5_000)).toEqual([]);
  });

  it("moves a user to an earlier deadline, and leaves them at an earlier one", () => {
    const wheel = createWheelOf(user("alice"));
    wheel.schedule("alice", 9_000);
    wheel.schedule("alice", 1_000);
    wheel.schedule("alice", 8_000);
    expect(wheel.take(1_000)).toEqual(["alice"]);
  });

  it("gives out neighbours one tick after the other", () => {
    const wheel = createWheelOf(user("alice"), user("bob"));
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
        const wheel = createWheelOf(...Array.from({ length: 10 }, (_, id) => user(String(id))));
        const model = new Map<string, number>();
        for (const { do: verb, user: number, at } of actions) {
          const id = String(number);
          if (verb === "schedule") {
            wheel.schedule(id, at);
            model.set(id, Math.min(at, model.get(id) ?? Number.POSITIVE_INFINITY));
          } else if (verb === "forget") {
            wheel.forget(id);
            model.delete(id);
          } else {
            const given = wheel.take(at);
            const taken = new Set(given);
            expect(taken.size).toBe(given.length);
            for (const [known, deadline] of model) {
              if (taken.has(known)) expect(deadline).toBeLessThanOrEqual(at);
              else expect(deadline).toBeGreaterThan(at - TICK_MS);
            }
            for (const known of taken) model.delete(known);
          }
        }
        expect(wheel.take(10_000).sort()).toEqual([...model.keys()].sort());
      }),
    );
  });
});
