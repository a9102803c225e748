import { describe, expect, it } from "vitest";
import {
  absentCanary,
  type CanaryState,
  changeCanary,
  lookAtCanary,
  nextCanaryStep,
} from "../../src/core/canary.ts";

/** A canary that is looked at in turn, and what all looks together have found. */
function observe() {
  let state: CanaryState = absentCanary(0);
  const total = { observedMs: 0, falseOnlineMs: 0, falseOfflineMs: 0, seen: [] as string[] };
  return {
    total,
    state: () => state,
    change(change: "connect" | "leave", now: number) {
      state = changeCanary(state, change, now);
    },
    look(now: number, isShown: boolean) {
      const { state: after, sight } = lookAtCanary(state, { now, isShown });
      total.observedMs += sight.observedMs;
      total[state.isPresent ? "falseOfflineMs" : "falseOnlineMs"] += sight.falseMs;
      if (sight.seen) total.seen.push(`${sight.seen.change} ${sight.seen.ms}`);
      state = after;
    },
  };
}

describe("what a look finds", () => {
  it("a change that is seen soon is measured, once, and no time is false", () => {
    const canary = observe();
    canary.change("connect", 1_000);
    canary.look(1_030, true);
    canary.look(1_250, true);
    canary.change("leave", 2_000);
    canary.look(2_070, false);
    canary.look(2_250, false);
    expect(canary.total).toEqual({
      observedMs: 2_250,
      falseOnlineMs: 0,
      falseOfflineMs: 0,
      seen: ["connect 30", "leave 70"],
    });
  });

  it("a change that is not seen is false as time passes, from a second after it on", () => {
    const canary = observe();
    canary.change("connect", 0);
    canary.look(900, false);
    expect(canary.total.falseOfflineMs).toBe(0);
    canary.look(1_250, false);
    expect(canary.total.falseOfflineMs).toBe(250);
    canary.look(4_000, false);
    expect(canary.total.falseOfflineMs).toBe(3_000);
  });

  it("what was counted as it passed is not counted again when the change is seen", () => {
    const canary = observe();
    canary.change("leave", 0);
    for (let now = 250; now <= 10_000; now += 250) canary.look(now, true);
    canary.look(10_100, false);
    canary.look(10_250, false);
    expect(canary.total).toEqual({
      observedMs: 10_250,
      falseOnlineMs: 9_100,
      falseOfflineMs: 0,
      seen: ["leave 10100"],
    });
  });

  it("what is shown wrongly without a change is false, and is no change that was seen", () => {
    const canary = observe();
    canary.change("connect", 0);
    canary.look(20, true);
    canary.look(5_000, false);
    canary.look(7_500, false);
    canary.look(7_750, true);
    canary.look(8_000, true);
    expect(canary.total).toMatchObject({ falseOnlineMs: 0, falseOfflineMs: 1_750, seen: ["connect 20"] });
  });

  it("of a time in which the process stood still five seconds are counted", () => {
    const canary = observe();
    canary.change("connect", 0);
    canary.look(250, false);
    canary.look(3_600_250, false);
    expect(canary.total).toMatchObject({ observedMs: 5_250, falseOfflineMs: 5_000 });
  });
});

describe("what is done when a change is due", () => {
  const next = (state: CanaryState, given: { now?: number; shouldBePresent?: boolean; isLogged?: boolean }) =>
    nextCanaryStep(state, { now: 20_000, shouldBePresent: true, isLogged: true, ...given });
  const present = lookAtCanary(changeCanary(absentCanary(0), "connect", 0), { now: 20, isShown: true }).state;
  const coming = changeCanary(absentCanary(0), "connect", 5_000);
  const leaving = changeCanary(present, "leave", 5_000);

  it("who is seen as they are comes or leaves", () => {
    expect(next(absentCanary(0), { shouldBePresent: true })).toBe("connect");
    expect(next(absentCanary(0), { shouldBePresent: false })).toBeNull();
    expect(next(present, { shouldBePresent: false })).toBe("leave");
    expect(next(present, { shouldBePresent: true })).toBeNull();
  });

  it("nothing more is begun before the last change is seen", () => {
    expect(next(coming, { shouldBePresent: false })).toBeNull();
    expect(next(leaving, { shouldBePresent: true })).toBeNull();
    expect(next(leaving, { shouldBePresent: false })).toBeNull();
  });

  it("a connect that waits for the log is written anew, so that it has not waited for long when it gets there", () => {
    expect(next(coming, { isLogged: false })).toBe("again");
    expect(next(leaving, { isLogged: false })).toBeNull();
  });

  it("what the log has and viewers do not is written once more after five minutes, as people are compared with their records", () => {
    expect(next(coming, { now: 304_999 })).toBeNull();
    expect(next(coming, { now: 305_000 })).toBe("again");
    expect(next(leaving, { now: 305_000, shouldBePresent: false })).toBe("again");
  });
});
