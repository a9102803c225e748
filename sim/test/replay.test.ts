import { expect, test } from "vitest";
import { runSeed } from "../run-seed.ts";

test("a seed replays exactly, faults and all, and another seed is another world", {
  timeout: 180_000,
}, async () => {
  const run = (seed: number) => runSeed({ seed, profile: "storm", lastsMs: 150_000, stopsAtFinding: false });
  const [first, again, other] = [await run(5), await run(5), await run(6)];
  expect(again.fingerprint).toBe(first.fingerprint);
  expect(again.timeline).toEqual(first.timeline);
  expect(first.statuses).toBeGreaterThan(0);
  expect(other.fingerprint).not.toBe(first.fingerprint);
});
