import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adaptRate,
  mayWait,
  RATE_MAX,
  RATE_MIN,
  retryAfter,
  WAIT_MAX_MS,
  WAITING_MAX,
} from "../../src/core/admission.ts";

const settled = (rate: number, seen: { delayMs: number; isHeld: boolean }) => {
  let now = rate;
  for (let n = 0; n < 100; n++) now = adaptRate(now, seen);
  return now;
};

describe("the rate of connects", () => {
  it("falls while the event loop is late, to a floor", () => {
    expect(adaptRate(1_000, { delayMs: 80, isHeld: true })).toBeLessThan(1_000);
    expect(settled(1_000, { delayMs: 80, isHeld: true })).toBe(RATE_MIN);
  });

  it("rises while the loop is at ease and others wait, to a ceiling", () => {
    expect(adaptRate(1_000, { delayMs: 5, isHeld: true })).toBeGreaterThan(1_000);
    expect(settled(1_000, { delayMs: 5, isHeld: true })).toBe(RATE_MAX);
  });

  it("stays while no handshake waits for it, and between ease and lateness", () => {
    expect(settled(1_000, { delayMs: 5, isHeld: false })).toBe(1_000);
    expect(settled(1_000, { delayMs: 40, isHeld: true })).toBe(1_000);
  });
});

describe("waiting", () => {
  it("is for no more than are let in within the longest wait, nor than there is room for", () => {
    expect(mayWait(0, RATE_MIN)).toBe(true);
    expect(mayWait((RATE_MIN * WAIT_MAX_MS) / 1_000, RATE_MIN)).toBe(false);
    expect(mayWait(WAITING_MAX - 1, RATE_MAX)).toBe(true);
    expect(mayWait(WAITING_MAX, RATE_MAX)).toBe(false);
  });
});

describe("a refused client", () => {
  it("comes back at a time of its own, within seconds, later where more wait", () => {
    const any = [fc.nat(WAITING_MAX), fc.integer({ min: RATE_MIN, max: RATE_MAX })] as const;
    fc.assert(
      fc.property(...any, fc.double({ min: 0, max: 0.999, noNaN: true }), (waiting, rate, random) => {
        expect(retryAfter(waiting, rate, random)).toBeGreaterThanOrEqual(1_000);
        expect(retryAfter(waiting, rate, random)).toBeLessThanOrEqual(1_000 + WAIT_MAX_MS);
      }),
    );
    expect(retryAfter(0, 1_000, 0.9)).toBeGreaterThan(retryAfter(0, 1_000, 0.1));
    expect(retryAfter(5_000, 1_000, 0.5)).toBeGreaterThan(retryAfter(0, 1_000, 0.5));
  });
});
