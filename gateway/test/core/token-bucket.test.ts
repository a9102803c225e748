import fc from "fast-check";
import { expect, it } from "vitest";
import { chargeTokens, fullBucket, reportedAt, takeToken } from "../../src/core/token-bucket.ts";

it("a minute's worth may be spent at once, and comes back evenly", () => {
  const bucket = fullBucket(60, 0);
  for (let n = 0; n < 60; n++) expect(takeToken(bucket, 60, 0)).toBe(0);
  expect(takeToken(bucket, 60, 0)).toBe(1_000);
  expect(takeToken(bucket, 60, 250)).toBe(750);
  expect(takeToken(bucket, 60, 1_000)).toBe(0);
  expect(takeToken(bucket, 60, 1_000)).toBe(1_000);
});

it("what costs more than is left is let through, owes at most a minute's worth, and makes the next ones wait", () => {
  const bucket = fullBucket(60, 0);
  expect(takeToken(bucket, 60, 0, 50)).toBe(0);
  expect(takeToken(bucket, 60, 0, 20)).toBe(0);
  expect(takeToken(bucket, 60, 0, 20)).toBe(11_000);
  expect(takeToken(bucket, 60, 11_000, 500)).toBe(0);
  expect(takeToken(bucket, 60, 11_000)).toBe(61_000);
});

it("where less than a minute's worth may be spent at once, that is what comes back", () => {
  const bucket = fullBucket(10, 0);
  const take = (now: number, tokens?: number) => takeToken(bucket, 60, now, tokens, 10);
  expect(take(0, 10)).toBe(0);
  expect(take(0)).toBe(1_000);
  expect(take(60_000, 10)).toBe(0);
  expect(take(60_000)).toBe(1_000);
});

it("is no refusal for ever where that is less than one", () => {
  const bucket = fullBucket(0.5, 0);
  expect(takeToken(bucket, 3, 0, 1, 0.5)).toBe(0);
  expect(takeToken(bucket, 3, 0, 1, 0.5)).toBe(20_000);
});

it("who waits as advised finds a token, and no one gets more than the burst and the rate", () => {
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

it("what was taken elsewhere is missing here, also below nothing, and comes back evenly", () => {
  const bucket = fullBucket(60, 0);
  chargeTokens(bucket, 60, 0, 59);
  expect(takeToken(bucket, 60, 0)).toBe(0);
  expect(takeToken(bucket, 60, 0)).toBe(1_000);
  chargeTokens(bucket, 60, 0, 10);
  expect(takeToken(bucket, 60, 0)).toBe(11_000);
  chargeTokens(bucket, 60, 0, 1_000);
  expect(takeToken(bucket, 60, 0)).toBe(61_000);
  expect(takeToken(bucket, 60, 120_000)).toBe(0);
});

it("buckets of several processes that report let through what one would, and the tolerance", () => {
  const steps = fc.array(fc.record({ at: fc.nat(3), wait: fc.nat(200) }), { maxLength: 400 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 2, max: 4 }),
      steps,
      (perMinute, n, takes) => {
        const buckets = Array.from({ length: n }, () => fullBucket(perMinute, 0));
        const unreported = buckets.map(() => 0);
        let [now, taken] = [0, 0];
        for (const { at, wait } of takes) {
          now += wait;
          const own = at % n;
          if (takeToken(buckets[own] as (typeof buckets)[0], perMinute, now) > 0) continue;
          taken++;
          const report = (unreported[own] ?? 0) + 1;
          unreported[own] = report < reportedAt(perMinute, n) ? report : 0;
          if (unreported[own] !== 0) continue;
          for (const bucket of buckets.filter((_, to) => to !== own)) {
            chargeTokens(bucket, perMinute, now, report);
          }
        }
        const tolerance = n * reportedAt(perMinute, n);
        expect(taken).toBeLessThanOrEqual(perMinute + (now / 60_000) * perMinute + tolerance);
      },
    ),
  );
});
