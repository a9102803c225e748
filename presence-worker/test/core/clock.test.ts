import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  advance,
  advanceByTimeout,
  IN_STEP_MS,
  initialClock,
  type PartitionClock,
  SWEEPERS_MAX,
  UNPROVEN_MS,
} from "../../src/core/clock.ts";

/** Receives timeouts, given as broker time, sweeper and its own clock; gives the proven time after each. */
const receive = (clock: PartitionClock, ...timeouts: [number, string, number][]) =>
  timeouts.map(([at, sweeper, elapsed]) => {
    advanceByTimeout(clock, at, sweeper, elapsed);
    return clock.proven;
  });

describe("partition time", () => {
  it("is the broker's at first, and never goes back", () => {
    const clock = initialClock();
    expect([advance(clock, 1_000), advance(clock, 900), advance(clock, 1_100)]).toEqual([
      1_000, 1_000, 1_100,
    ]);
  });

  it("goes on by the sweeper's clock when the broker's has jumped, either way", () => {
    for (const jump of [36e6, 600_000, -600_000, -36e6]) {
      const clock = initialClock();
      const times = receive(
        clock,
        [1e12, "s1", 0],
        [1e12 + 500 + jump, "s1", 500],
        [1e12 + 1_000 + jump, "s1", 1_000],
        [1e12 + 1_500 + jump, "s1", 1_500],
      );
      expect(times.map((time = 0) => time - 1e12)).toEqual([0, 0, 500, 1_000]);
      expect(clock.offset).toBe(jump + 500);
    }
  });

  it("is set right after messages of a moment in which the broker's clock was wrong", () => {
    const clock = initialClock();
    receive(clock, [1e12, "s1", 0]);
    expect(advance(clock, 1e12 + 300)).toBe(1e12 + 300);
    expect(advance(clock, 1e12 + 36e6)).toBe(1e12 + 36e6);
    expect(advanceByTimeout(clock, 1e12 + 500, "s1", 500)).toBe(true);
    expect(clock).toMatchObject({ now: 1e12 + 500, proven: 1e12 + 500, offset: 0 });
  });

  it("has passed as long as the sweeper's clock shows once a timeout that was held up is followed by one that was not", () => {
    const clock = initialClock();
    const times = receive(clock, [1_000, "s1", 0], [6_500, "s1", 500], [11_000, "s1", 10_000]);
    expect(times).toEqual([1_000, 1_000, 11_000]);
  });

  it("does not run ahead by a burst of timeouts that were held up together", () => {
    const clock = initialClock();
    receive(clock, [1_000, "s1", 0], [9_000, "s1", 500], [9_000, "s1", 1_000], [9_000, "s1", 1_500]);
    expect(clock.proven).toBe(1_000);
    expect(receive(clock, [9_500, "s1", 2_000], [10_000, "s1", 2_500])).toEqual([1_500, 2_000]);
  });

  it("goes by the slower of two clocks that drift apart, but for a second between two timeouts", () => {
    const clock = initialClock();
    expect(receive(clock, [0, "s1", 0], [5_000, "s1", 3_500], [5_500, "s1", 3_900])).toEqual([
      0, 3_500, 4_500,
    ]);
  });

  it("goes on by the broker's clock with a new sweeper, for as long as a restart takes", () => {
    const clock = initialClock();
    receive(clock, [1_000, "s1", 0]);
    expect(receive(clock, [4_000, "s2", 0])).toEqual([4_000]);
    expect(receive(clock, [36e6, "s3", 0])).toEqual([4_000 + UNPROVEN_MS]);
  });

  it("remembers a bounded number of sweepers, those whose timeouts came last", () => {
    const clock = initialClock();
    for (let n = 0; n < 1_000; n++)
      receive(clock, [n * 500, `s${n}`, 0], [n * 500 + 250, "constant", n * 500]);
    expect(Object.keys(clock.sweepers)).toHaveLength(SWEEPERS_MAX);
    expect(clock.sweepers).toHaveProperty("constant");
    expect(clock.sweepers).toHaveProperty("s999");
  });
});

describe("partition time with two sweepers", () => {
  /** Half a second apart each; true time begins at 1,000. */
  const twoSweepers = () => {
    const clock = initialClock();
    receive(clock, [1_000, "s1", 0], [1_200, "s2", 70_000], [1_500, "s1", 500], [1_700, "s2", 70_500]);
    return clock;
  };

  it("is held up by the stun of neither, and they never disturb each other afterwards", () => {
    for (const stunMs of [5_000, 600_000]) {
      const clock = twoSweepers();
      let now = 1_700;
      for (let at = 2_200; at < 2_000 + stunMs; at += 500)
        now = receive(clock, [at, "s2", 68_800 + at])[0] ?? 0;
      expect(now).toBeGreaterThanOrEqual(1_500 + stunMs);
      for (let at = 2_000 + stunMs; at < 62_000 + stunMs; at += 500) {
        expect(receive(clock, [at, "s1", at - 1_000 - stunMs])[0]).toBeLessThanOrEqual(at);
        expect(receive(clock, [at + 200, "s2", 68_800 + at + 200])[0]).toBe(at + 200);
      }
    }
  });

  it("counts one jump once, though both saw it", () => {
    const clock = twoSweepers();
    receive(
      clock,
      [602_000, "s1", 1_000],
      [602_200, "s2", 71_000],
      [602_500, "s1", 1_500],
      [602_700, "s2", 71_500],
    );
    expect(clock.proven).toBe(2_400);
  });

  it("goes on from a stun that another's delay follows no faster than time passes", () => {
    const clock = twoSweepers();
    receive(clock, [20_000, "s1", 1_000], [20_100, "s2", 71_000], [20_100, "s2", 71_500]);
    expect(clock).toMatchObject({ proven: 1_700, now: 1_700 });
    expect(receive(clock, [20_500, "s1", 1_500])).toEqual([2_100]);
  });

  it("goes on when a jump comes with the end of one of them", () => {
    for (const jump of [600_000, -600_000]) {
      const clock = twoSweepers();
      for (const at of [2_200, 2_700, 3_200, 3_700]) receive(clock, [at + jump, "s2", 68_800 + at]);
      expect(clock.proven).toBe(3_200);
    }
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

  it("never goes back, runs ahead by no more than its bound, and at true speed in the end", () => {
    fc.assert(
      fc.property(faultsApart, fc.integer({ min: 1, max: 3 }), (faults, sweepers) => {
        const clock: PartitionClock = initialClock();
        const { messages, end } = timeline(faults, sweepers);
        const received: { arrival: number; now: number }[] = [];
        for (const { arrival, id, elapsed } of messages) {
          advanceByTimeout(clock, brokerAt(faults, arrival), id, elapsed);
          received.push({ arrival, now: clock.proven ?? 0 });
        }
        const bound = faults.reduce(
          (sum, { kind }) => sum + (kind === "restart" ? UNPROVEN_MS : IN_STEP_MS),
          0,
        );
        let furthestBack = 0;
        let furthestAhead = 0;
        let lowest = Number.POSITIVE_INFINITY;
        let latest = Number.NEGATIVE_INFINITY;
        for (const { arrival, now } of received) {
          furthestBack = Math.max(furthestBack, latest - now);
          latest = now;
          lowest = Math.min(lowest, now - arrival);
          furthestAhead = Math.max(furthestAhead, now - arrival - lowest);
        }
        expect(furthestBack).toBe(0);
        // Behind by what was held up, it may catch up with true time: ahead of that it may not run.
        const behind = (received[0]?.now ?? 0) - (received[0]?.arrival ?? 0);
        expect(Math.max(...received.map(({ arrival, now }) => now - arrival - behind))).toBeLessThanOrEqual(
          bound,
        );
        const quiet = received.filter(({ arrival }) => arrival > end - QUIET_MS);
        const [first, last] = [quiet[0], quiet.at(-1)];
        expect((last?.now ?? 0) - (first?.now ?? 0)).toBeGreaterThan(QUIET_MS - 3_000);
        const lag = behind - ((last?.now ?? 0) - (last?.arrival ?? 0));
        const away = faults.reduce((sum, one) => sum + (one.kind === "jump" ? TICK_MS : lengthOf(one)), 0);
        expect(lag).toBeLessThanOrEqual(bound + away + TICK_MS * sweepers);
      }),
      { numRuns: 1_000 },
    );
  });

  it("has lost nothing once the broker, which stood still, has stored a timeout in time again", () => {
    const pause = fc.record({ afterMs: fc.integer({ min: 2_000, max: 60_000 }), ms: fc.nat(60_000) });
    fc.assert(
      fc.property(fc.array(pause, { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), (pauses, sweepers) => {
        const clock: PartitionClock = initialClock();
        let standsUntil = 0;
        const stands = pauses.map(({ afterMs, ms }) => {
          const from = standsUntil + afterMs;
          standsUntil = from + ms;
          return { from, to: standsUntil };
        });
        const storedAt = (at: number) => stands.find(({ from, to }) => at >= from && at < to)?.to ?? at;
        const stored = Array.from({ length: sweepers }, (_, sweeper) => {
          const timeouts: { arrival: number; id: string; elapsed: number }[] = [];
          for (let at = 100 * sweeper; at < standsUntil + QUIET_MS; at += TICK_MS) {
            // It writes the next one when the last is stored.
            if (at < (timeouts.at(-1)?.arrival ?? 0)) continue;
            timeouts.push({ arrival: storedAt(at), id: `s${sweeper}`, elapsed: at });
          }
          return timeouts;
        });
        let last = 0;
        for (const { arrival, id, elapsed } of stored.flat().sort((a, b) => a.arrival - b.arrival)) {
          advanceByTimeout(clock, 1e12 + arrival, id, elapsed);
          last = arrival;
        }
        expect(clock).toMatchObject({ proven: 1e12 + last, offset: 0 });
      }),
      { numRuns: 1_000 },
    );
  });

  it("lets no deadline come early, by more than its bound where the broker's clock jumps", () => {
    const GRACE_MS = 5_000;
    fc.assert(
      fc.property(faultsApart, fc.integer({ min: 1, max: 3 }), (faults, sweepers) => {
        const clock: PartitionClock = initialClock();
        let waiting: { setAt: number; deadline: number }[] = [];
        let earliest = Number.POSITIVE_INFINITY;
        for (const { arrival, id, elapsed } of timeline(faults, sweepers).messages) {
          if (advanceByTimeout(clock, brokerAt(faults, arrival), id, elapsed))
            for (const one of waiting) one.deadline = Math.min(one.deadline, clock.now + GRACE_MS);
          const proven = clock.proven ?? 0;
          for (const { setAt } of waiting.filter(({ deadline }) => deadline <= proven))
            earliest = Math.min(earliest, arrival - setAt);
          waiting = waiting.filter(({ deadline }) => deadline > proven);
          const setAt = arrival;
          waiting.push({ setAt, deadline: advance(clock, brokerAt(faults, setAt)) + GRACE_MS });
        }
        const jumps = jumpsOf(faults).length;
        // Arrivals are whole milliseconds, deadlines are not.
        const bound = jumps === 0 ? 2 : IN_STEP_MS * jumps + (faults.length > jumps ? UNPROVEN_MS : 0);
        expect(earliest).toBeGreaterThanOrEqual(GRACE_MS - bound);
      }),
      { numRuns: 1_000 },
    );
  });
});
