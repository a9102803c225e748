import { expect, it } from "vitest";
import { retryDelay } from "../../presence/retry.ts";

const busy = { code: "rate_limited", message: "Later.", retryable: true } as const;

it("waits as long as the server asks", () => {
  expect(retryDelay({ ...busy, retryAfterMs: 1_234 }, 5, 0.9)).toBe(1_234);
});

it("doubles the wait with each refusal up to 30 s, and spreads callers over its second half", () => {
  expect([1, 2, 3, 6, 50].map((attempt) => retryDelay(busy, attempt, 1))).toEqual([
    1_000, 2_000, 4_000, 30_000, 30_000,
  ]);
  expect(retryDelay(busy, 2, 0)).toBe(1_000);
});
