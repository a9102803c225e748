import { expect, it } from "vitest";
import { createRates, plotPoints } from "../../console/rates.ts";

it("counts the whole seconds before now, and not the one that goes on", () => {
  const rates = createRates(60);
  for (const at of [10_100, 10_900, 12_000, 13_500]) rates.add(at);
  expect(rates.last(4, 13_900)).toEqual([0, 2, 0, 1]);
  expect(rates.last(4, 14_000)).toEqual([2, 0, 1, 1]);
  expect(rates.last(3, 99_000)).toEqual([0, 0, 0]);
});

it("forgets what is older than it keeps", () => {
  const rates = createRates(5);
  rates.add(1_000);
  rates.add(30_000);
  expect(rates.last(40, 31_000).reduce((sum, count) => sum + count, 0)).toBe(1);
});

it("plots the highest count at the top and zero at the bottom", () => {
  expect(plotPoints([0, 4, 2], 100, 40)).toBe("0,40 50,0 100,20");
  expect(plotPoints([0, 0], 100, 40)).toBe("0,40 100,40");
});
