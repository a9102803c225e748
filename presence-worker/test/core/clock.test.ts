import { describe, expect, it } from "vitest";
import { advance, advanceByTimeout, initialClock } from "../../src/core/clock.ts";

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
    advanceByTimeout(clock, 601_500, "s1", 500);
    advanceByTimeout(clock, 601_700, "s2", 70_500);
    advanceByTimeout(clock, 602_000, "s1", 1_000);
    expect(advanceByTimeout(clock, 602_200, "s2", 71_000)).toEqual({ isTrusted: true, jump: 0 });
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
