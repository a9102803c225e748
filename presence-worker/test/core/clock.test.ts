import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  advance,
  advanceByTimeout,
  initialClock,
  type PartitionClock,
  SILENT_MS,
  SWEEPERS_MAX,
} from "../../src/core/clock.ts";

describe("partition time", () => {
  it("is the broker's and never goes back", () => {
    const clock = initialClock();
    expect([advance(clock, 1_000), advance(clock, 900), advance(clock, 1_100)]).toEqual([
      1_000, 1_000, 1_100,
    ]);
  });

  it("goes on where the sweeper's clock says when the broker's has jumped ahead", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    expect(advanceByTimeout(clock, 601_500, "s1", 500)).toEqual({ isTrusted: false, jump: 0 });
    expect(advanceByTimeout(clock, 602_000, "s1", 1_000)).toEqual({ isTrusted: true, jump: 600_000 });
    expect(clock.now).toBe(2_000);
    expect(advance(clock, 602_500)).toBe(2_500);
  });

  it("goes on when the broker's clock has jumped back", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000_000, "s1", 0);
    expect(advanceByTimeout(clock, 400_500, "s1", 500).isTrusted).toBe(false);
    expect(advanceByTimeout(clock, 401_000, "s1", 1_000).jump).toBe(-600_000);
    expect(clock.now).toBe(1_001_000);
  });

  it("counts one jump once, though two sweepers saw it", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    advanceByTimeout(clock, 1_200, "s2", 70_000);
    advanceByTimeout(clock, 1_500, "s1", 500);
    advanceByTimeout(clock, 1_700, "s2", 70_500);
    advanceByTimeout(clock, 602_000, "s1", 1_000);
    advanceByTimeout(clock, 602_200, "s2", 71_000);
    advanceByTimeout(clock, 602_500, "s1", 1_500);
    expect(advanceByTimeout(clock, 602_700, "s2", 71_500)).toEqual({ isTrusted: true, jump: 0 });
    expect(clock.offset).toBe(600_000);
  });

  it("learns nothing from a timeout that was held up on the way", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    expect(advanceByTimeout(clock, 6_500, "s1", 500).isTrusted).toBe(false);
    expect(advance(clock, 6_600)).toBe(6_600);
    expect(advanceByTimeout(clock, 11_000, "s1", 10_000)).toEqual({ isTrusted: true, jump: 0 });
    expect(clock).toMatchObject({ offset: 0, now: 11_000 });
  });

  it("learns nothing from a burst of timeouts that were held up together", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    const burst = [500, 1_000, 1_500, 2_000].map((elapsed) => advanceByTimeout(clock, 9_000, "s1", elapsed));
    expect(burst.every(({ isTrusted }) => !isTrusted)).toBe(true);
    expect(advanceByTimeout(clock, 9_500, "s1", 8_500)).toEqual({ isTrusted: true, jump: 0 });
    expect(clock.offset).toBe(0);
  });

  it("takes slow drift for time", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 0, "s1", 0);
    advanceByTimeout(clock, 2_400, "s1", 500);
    expect(clock).toMatchObject({ offset: 0, now: 2_400 });
  });

  it("believes a sweeper whom it has not heard before", () => {
    const clock = initialClock();
    advance(clock, 1_000);
    expect(advanceByTimeout(clock, 900_000, "s9", 5)).toEqual({ isTrusted: true, jump: 0 });
    expect(clock.now).toBe(900_000);
  });
});

/** Two sweepers, half a second apart each, s1 the reference; true time begins at 1,000. */
function twoSweepers() {
  const clock = initialClock();
  const s1 = (at: number, elapsed: number) => advanceByTimeout(clock, at, "s1", elapsed);
  const s2 = (at: number, elapsed: number) => advanceByTimeout(clock, at, "s2", elapsed);
  s1(1_000, 0);
  s2(1_200, 70_000);
  s1(1_500, 500);
  s2(1_700, 70_500);
  return { clock, s1, s2 };
}

describe("partition time with two sweepers", () => {
  it("is not moved by a stun of the one that was followed, while the other writes", () => {
    const { clock, s1, s2 } = twoSweepers();
    for (let at = 2_200; at < 7_000; at += 500) expect(s2(at, 68_800 + at).isTrusted).toBe(true);
    expect(clock.reference).toBe("s2");
    expect(s1(7_000, 1_000)).toEqual({ isTrusted: false, jump: 0 });
    s2(7_200, 76_000);
    expect(s1(7_500, 1_500)).toEqual({ isTrusted: true, jump: 0 });
    s2(7_700, 76_500);
    expect(s1(8_000, 2_000)).toEqual({ isTrusted: true, jump: 0 });
    expect(clock).toMatchObject({ offset: 0, now: 8_000 });
  });

  it("is not moved by a stun of the other", () => {
    const { clock, s1, s2 } = twoSweepers();
    for (let at = 2_000; at < 602_000; at += 500) s1(at, at - 1_000);
    expect(s2(602_000, 71_000).isTrusted).toBe(false);
    s1(602_100, 601_100);
    expect(s2(602_500, 71_500)).toEqual({ isTrusted: true, jump: 0 });
    expect(clock.offset).toBe(0);
  });

  it("goes on after a jump that comes with the end of the one that was followed", () => {
    for (const jump of [600_000, -600_000]) {
      const { clock, s2 } = twoSweepers();
      const ticks = [2_200, 2_700, 3_200, 3_700].map((at) => s2(at + jump, 68_800 + at));
      expect(ticks.at(-1)?.isTrusted).toBe(true);
      expect(clock.reference).toBe("s2");
      expect(Math.abs(clock.now - 3_700)).toBeLessThan(2_000);
    }
  });

  it("does not leap when a sweeper that was away comes back to a time that a stun had held up", () => {
    const { clock, s1, s2 } = twoSweepers();
    for (const at of [602_000, 602_500]) s1(at, at - 601_000);
    expect(clock.offset).toBe(600_000);
    for (let at = 603_000; at < 606_000; at += 500) s2(at, 68_800 + at);
    expect(clock.now).toBeLessThan(10_000);
  });

  it("follows the other when one is silent for a second of its clock", () => {
    const { clock, s2 } = twoSweepers();
    s2(2_200, 71_000);
    expect(clock.reference).toBe("s1");
    s2(2_200 + SILENT_MS, 71_000 + SILENT_MS);
    expect(clock.reference).toBe("s2");
  });

  it("remembers a bounded number of them, the one that is followed among them", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 0, "followed", 0);
    for (let n = 0; n < 1_000; n++) advanceByTimeout(clock, n, `s${n}`, 0);
    expect(Object.keys(clock.sweepers)).toHaveLength(SWEEPERS_MAX);
    expect(advanceByTimeout(clock, 1_000, "followed", 1_000).isTrusted).toBe(true);
  });
});

describe("partition time in any mix of faults", () => {
  const TICK_MS = 500;
  const QUIET_MS = 20_000;
  interface Fault {
    at: number;
    kind: "jump" | "stun" | "held up" | "restart";
    sweeper: number;
    size: number;
  }
  const fault: fc.Arbitrary<Fault> = fc.record({
    at: fc.integer({ min: 5_000, max: 120_000 }),
    kind: fc.constantFrom("jump", "stun", "held up", "restart"),
    sweeper: fc.nat(2),
    size: fc.oneof(fc.integer({ min: -30_000, max: 30_000 }), fc.constantFrom(-36e6, -6e5, 6e5, 36e6)),
  });
  /** Longer stuns than this would last until the quiet at the end. */
  const lengthOf = ({ size }: Fault) => Math.min(Math.abs(size), 30_000);

  /** What a partition reads: broker time and arrival of every message, in order of arrival. */
  function timeline(faults: readonly Fault[], sweepers: number) {
    const messages: { arrival: number; id: string; elapsed: number }[] = [];
    const end = 160_000 + QUIET_MS;
    for (let sweeper = 0; sweeper < sweepers; sweeper++) {
      const own = faults.filter((one) => one.sweeper % sweepers === sweeper);
      let lives = 0;
      let arrival = 0;
      let stunned = 0;
      for (let at = 100 * sweeper; at < end; at += TICK_MS) {
        const within = (kind: Fault["kind"]) =>
          own.find((one) => one.kind === kind && at >= one.at && at < one.at + lengthOf(one));
        // The first sweeper keeps its id: of one that is new nothing is known about the time before.
        if (
          sweeper > 0 &&
          own.some((one) => one.kind === "restart" && at - one.at >= 0 && at - one.at < TICK_MS)
        )
          lives++;
        if (within("stun")) {
          stunned += TICK_MS;
          continue;
        }
        const held = within("held up");
        // One link keeps the order of what is sent on it.
        arrival = Math.max(arrival, held ? held.at + lengthOf(held) : at);
        messages.push({ arrival, id: `s${sweeper}.${lives}`, elapsed: at - stunned });
      }
    }
    return { messages: messages.sort((a, b) => a.arrival - b.arrival), end };
  }

  const jumpsOf = (faults: readonly Fault[]) => faults.filter(({ kind }) => kind === "jump");
  const brokerAt = (faults: readonly Fault[], arrival: number) =>
    jumpsOf(faults).reduce((time, one) => time + (arrival >= one.at ? one.size : 0), 1e12 + arrival);

  const faultsApart = fc
    .array(fault, { maxLength: 6 })
    .map((faults) => faults.map((one, n) => ({ ...one, at: one.at + n })));

  it("never goes back, never runs ahead by more than its bound, and runs at true speed in the end", () => {
    fc.assert(
      fc.property(faultsApart, fc.integer({ min: 1, max: 3 }), (faults, sweepers) => {
        const clock: PartitionClock = initialClock();
        const { messages, end } = timeline(faults, sweepers);
        const trusted: { arrival: number; now: number }[] = [];
        for (const { arrival, id, elapsed } of messages) {
          advance(clock, brokerAt(faults, arrival));
          if (advanceByTimeout(clock, brokerAt(faults, arrival), id, elapsed).isTrusted)
            trusted.push({ arrival, now: clock.now });
        }
        const bound = 4_000 * (jumpsOf(faults).length + 1);
        let lowest = Number.POSITIVE_INFINITY;
        let latest = Number.NEGATIVE_INFINITY;
        let furthestBack = 0;
        let furthestAhead = 0;
        for (const { arrival, now } of trusted) {
          furthestBack = Math.max(furthestBack, latest - now);
          latest = now;
          lowest = Math.min(lowest, now - arrival);
          furthestAhead = Math.max(furthestAhead, now - arrival - lowest);
        }
        expect(furthestBack).toBe(0);
        expect(furthestAhead).toBeLessThanOrEqual(bound);
        const quiet = trusted.filter(({ arrival }) => arrival > end - QUIET_MS);
        const [first, last] = [quiet[0], quiet.at(-1)];
        expect((last?.now ?? 0) - (first?.now ?? 0)).toBeGreaterThan(QUIET_MS - 3_000);
        const lag =
          (trusted[0]?.now ?? 0) - (trusted[0]?.arrival ?? 0) - ((last?.now ?? 0) - (last?.arrival ?? 0));
        const away = faults.reduce((sum, one) => sum + (one.kind === "jump" ? 0 : lengthOf(one)), 0);
        expect(lag).toBeLessThanOrEqual(bound + away);
      }),
      { numRuns: 500 },
    );
  });
});
