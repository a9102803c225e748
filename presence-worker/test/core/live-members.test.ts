import { describe, expect, it } from "vitest";
import { createLiveMembers } from "../../src/core/live-members.ts";

const LEASE = 2_000;
const signs = (changedAt: Record<string, number>, leases: Record<string, number> = {}) =>
  Object.entries(changedAt).map(([id, at]) => ({ id, changedAt: at, leaseMs: leases[id] ?? LEASE }));

describe("live members", () => {
  it("excludes a worker that has been silent for a lease, while the own heartbeat comes back", () => {
    const members = createLiveMembers("me");
    expect(members.list(10_000, signs({ me: 10_000, a: 8_000, b: 7_999 }))).toEqual(["me", "a"]);
  });

  it("gives null without the own heartbeat, or once that is half a lease old", () => {
    const members = createLiveMembers("me");
    expect(members.list(10_000, signs({ a: 10_000 }))).toBeNull();
    expect(members.list(10_000, signs({ me: 8_999, a: 10_000 }))).toBeNull();
  });

  it("gives workers that were alive before a gap one lease to send a heartbeat", () => {
    const members = createLiveMembers("me");
    members.list(10_000, signs({ me: 10_000, a: 10_000 }));
    expect(members.list(15_000, signs({ me: 10_000, a: 10_000 }))).toBeNull();
    expect(members.list(15_100, signs({ me: 15_090, a: 10_000 }))).toEqual(["me", "a"]);
    expect(members.list(17_000, signs({ me: 17_000, a: 10_000 }))).toEqual(["me", "a"]);
    expect(members.list(17_101, signs({ me: 17_000, a: 10_000 }))).toEqual(["me"]);
  });

  it("gives it that lease once, however many gaps follow", () => {
    const members = createLiveMembers("me");
    members.list(10_000, signs({ me: 10_000, a: 10_000, b: 10_000 }));
    // Of each second and a half the own heartbeat is late for half a second.
    const seen: (string[] | null)[] = [];
    for (let at = 11_500; at <= 17_500; at += 1_500) {
      expect(members.list(at, signs({ me: at - 1_500, a: 10_000, b: at - 1_500 }))).toBeNull();
      members.list(at, signs({ me: at, a: 10_000, b: at }));
      seen.push(members.list(at + 900, signs({ me: at, a: 10_000, b: at })));
    }
    expect(seen).toEqual([
      ["me", "a", "b"],
      ["me", "a", "b"],
      ["me", "b"],
      ["me", "b"],
      ["me", "b"],
    ]);
  });

  it("keeps a worker that was dead before a gap dead after it", () => {
    const members = createLiveMembers("me");
    members.list(10_000, signs({ me: 10_000, a: 10_000, dead: 2_000 }));
    members.list(15_000, signs({ me: 10_000, a: 10_000, dead: 2_000 }));
    expect(members.list(15_100, signs({ me: 15_090, a: 10_000, dead: 2_000 }))).toEqual(["me", "a"]);
  });

  it("judges each worker by the length of its own lease", () => {
    const members = createLiveMembers("me");
    const leases = { patient: 4 * LEASE, hasty: LEASE / 4 };
    expect(members.list(10_000, signs({ me: 10_000, patient: 3_000, hasty: 9_000 }, leases))).toEqual([
      "me",
      "patient",
    ]);
  });
});
