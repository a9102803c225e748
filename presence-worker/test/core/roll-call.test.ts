import { describe, expect, it } from "vitest";
import { createRollCall } from "../../src/core/roll-call.ts";

const LEASE = 2_000;
const signs = (changedAt: Record<string, number>, leases: Record<string, number> = {}) =>
  Object.entries(changedAt).map(([id, at]) => ({ id, changedAt: at, leaseMs: leases[id] ?? LEASE }));

describe("the roll call", () => {
  it("counts out who has been silent for a lease, while one's own heartbeat is heard", () => {
    const roll = createRollCall("me");
    expect(roll.call(10_000, signs({ me: 10_000, a: 8_000, b: 7_999 }))).toEqual(["me", "a"]);
  });

  it("tells nothing without one's own heartbeat, or once that is half a lease old", () => {
    const roll = createRollCall("me");
    expect(roll.call(10_000, signs({ a: 10_000 }))).toBeNull();
    expect(roll.call(10_000, signs({ me: 8_999, a: 10_000 }))).toBeNull();
  });

  it("gives those who were alive before a gap one lease to be heard again", () => {
    const roll = createRollCall("me");
    roll.call(10_000, signs({ me: 10_000, a: 10_000 }));
    expect(roll.call(15_000, signs({ me: 10_000, a: 10_000 }))).toBeNull();
    expect(roll.call(15_100, signs({ me: 15_090, a: 10_000 }))).toEqual(["me", "a"]);
    expect(roll.call(17_000, signs({ me: 17_000, a: 10_000 }))).toEqual(["me", "a"]);
    expect(roll.call(17_101, signs({ me: 17_000, a: 10_000 }))).toEqual(["me"]);
  });

  it("does not raise after a gap who was dead before it", () => {
    const roll = createRollCall("me");
    roll.call(10_000, signs({ me: 10_000, a: 10_000, dead: 2_000 }));
    roll.call(15_000, signs({ me: 10_000, a: 10_000, dead: 2_000 }));
    expect(roll.call(15_100, signs({ me: 15_090, a: 10_000, dead: 2_000 }))).toEqual(["me", "a"]);
  });

  it("judges each by the length of its own lease", () => {
    const roll = createRollCall("me");
    const leases = { patient: 4 * LEASE, hasty: LEASE / 4 };
    expect(roll.call(10_000, signs({ me: 10_000, patient: 3_000, hasty: 9_000 }, leases))).toEqual([
      "me",
      "patient",
    ]);
  });
});
