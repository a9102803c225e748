import fc from "fast-check";
import { expect, it } from "vitest";
import { fullBucket, takeToken } from "../../src/core/token-bucket.ts";

it("a minute's worth may be spent at once, and comes back evenly", () => {
  const bucket = fullBucket(60, 0);
  for (let n = 0; n < 60; n++) expect(takeToken(bucket, 60, 0)).toBe(0);
  expect(takeToken(bucket, 60, 0)).toBe(1_000);
  expect(takeToken(bucket, 60, 250)).toBe(750);
  expect(takeToken(bucket, 60, 1_000)).toBe(0);
  expect(takeToken(bucket, 60, 1_000)).toBe(1_000);
});

it("who waits as told finds a token, and nobody gets more than the burst and the rate", () => {
  const steps = fc.array(fc.nat(5_000), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), steps, (perMinute, waits) => {
      const bucket = fullBucket(perMinute, 0);
      let now = 0;
      let taken = 0;
      for (const wait of waits) {
        now += wait;
        const left = takeToken(bucket, perMinute, now);
        if (left === 0) taken++;
        else expect(takeToken({ ...bucket }, perMinute, now + left + 1e-6)).toBe(0);
      }
      expect(taken).toBeLessThanOrEqual(perMinute + (now / 60_000) * perMinute + 1e-6);
    }),
  );
});
