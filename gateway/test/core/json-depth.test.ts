import fc from "fast-check";
import { expect, it } from "vitest";
import { isDeeperThan } from "../../src/core/json-depth.ts";

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

it("the depth of any JSON is found as by parsing it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), (value, max) => {
      expect(isDeeperThan(JSON.stringify(value), max)).toBe(depthOf(value) > max);
    }),
  );
});

it("brackets in texts do not count, quoted quotes neither", () => {
  expect(isDeeperThan(JSON.stringify({ a: '[[[["[[[[' }), 1)).toBe(false);
  expect(isDeeperThan("[".repeat(100_000), 32)).toBe(true);
});
