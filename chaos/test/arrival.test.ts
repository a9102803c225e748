import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { arrive, type Pace } from "../fleet/arrival.ts";
import { createRandom } from "../random.ts";

const PACE: Pace = { withinMs: 100, mostWaiting: 3, heldBackMs: 60_000 };

function start(pace: Pace) {
  const people = Array.from({ length: 10 }, (_, id) => ({
    id,
    isServed: false,
    client: { unservedSince: (): number | null => (people[id]?.isServed ? null : 0) },
  }));
  const arrived: typeof people = [];
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const all = arrive(people, createRandom(1), (one) => arrived.push(one), ending.signal, pace);
  return { arrived, ending, all };
}

test("clients arrive in an order of chance, and wait while too many are without a view", async () => {
  const { arrived, all } = start(PACE);
  await eventually(() => arrived.length === 3);
  for (let served = 0; served < 7; served++) {
    expect(arrived).toHaveLength(3 + served);
    Object.assign(arrived[served] as object, { isServed: true });
    await eventually(() => arrived.length === 4 + served);
  }
  await all;
  const ids = arrived.map(({ id }) => id);
  expect(ids).not.toEqual(ids.toSorted((a, b) => a - b));
  expect(new Set(ids).size).toBe(10);
});

test("clients arrive although none is served, after a time", async () => {
  const { arrived, all } = start({ ...PACE, heldBackMs: 200 });
  await all;
  expect(arrived).toHaveLength(10);
});

test("a run that ends ends the arrival", async () => {
  const { arrived, ending, all } = start(PACE);
  await eventually(() => arrived.length === 3);
  ending.abort();
  await expect(all).rejects.toThrow(/abort/i);
});
