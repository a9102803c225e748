import { describe, expect, it } from "vitest";
import { advance, advanceByTimeout, initialClock } from "../../src/core/clock.ts";

describe("partition time", () => {
  it("is the broker's and never goes back", () => {
    const clock = initialClock();
    expect([advance(clock, 1_000), advance(clock, 900), advance(clock, 1_100)]).toEqual([
      1_000, 1_000, 1_100,
    ]);
  });

  it("goes on where the sweeper's clock says when the broker's jumps ahead", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    expect(advanceByTimeout(clock, 601_500, "s1", 500)).toBe(600_000);
    expect(clock.now).toBe(1_500);
    expect(advance(clock, 602_000)).toBe(2_000);
  });

  it("goes on when the broker's clock jumps back", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000_000, "s1", 0);
    expect(advanceByTimeout(clock, 400_500, "s1", 500)).toBe(-600_000);
    expect(clock.now).toBe(1_000_500);
  });

  it("counts one jump once, though two sweepers saw it", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    advanceByTimeout(clock, 1_200, "s2", 70_000);
    advanceByTimeout(clock, 601_500, "s1", 500);
    expect(advanceByTimeout(clock, 601_700, "s2", 70_500)).toBe(0);
    expect(clock.offset).toBe(600_000);
  });

  it("undoes a stall of the link: what was delayed once arrives early the next time", () => {
    const clock = initialClock();
    advanceByTimeout(clock, 1_000, "s1", 0);
    advanceByTimeout(clock, 6_500, "s1", 500);
    advanceByTimeout(clock, 7_000, "s1", 6_000);
    expect(clock.offset).toBe(0);
    expect(clock.now).toBe(7_000);
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
    expect(advanceByTimeout(clock, 900_000, "s9", 5)).toBe(0);
    expect(clock.now).toBe(900_000);
  });
});
