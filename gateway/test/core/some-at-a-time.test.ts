import { expect, test } from "vitest";
import { someAtATime } from "../../src/core/some-at-a-time.ts";

test("so many are under way at a time, and the results are in the order of the items", async () => {
  let underWay = 0;
  let most = 0;
  const work = async (item: number) => {
    most = Math.max(most, ++underWay);
    for (let turns = 0; turns < 10 - item; turns++) await Promise.resolve();
    underWay--;
    return item * 10;
  };
  expect(await someAtATime([1, 2, 3, 4, 5, 6, 7], 3, work)).toEqual([10, 20, 30, 40, 50, 60, 70]);
  expect(most).toBe(3);
  expect(await someAtATime([], 3, work)).toEqual([]);
});

test("nothing is begun after a failure", async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await Promise.resolve();
    if (item === 2) throw new Error("broken");
  };
  await expect(someAtATime([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow("broken");
  await Promise.resolve();
  expect(begun.length).toBeLessThan(5);
});
