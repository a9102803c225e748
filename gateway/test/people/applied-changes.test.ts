import { expect, it } from "vitest";
import { createAppliedChanges } from "../../src/people/applied-changes.ts";

it("whoever waits for a change hears of it, or of a later one, and of no earlier one", async () => {
  let directoryVersion = 0;
  const shown = () => ({ seq: 1, isOnline: true, epoch: 1, version: 1, directoryVersion });
  const applied = createAppliedChanges({ shown });
  const heard: number[] = [];
  for (const version of [5, 7, 9]) void applied.wait("ann", version).then(() => heard.push(version));
  const pass = async (version: number) => {
    directoryVersion = version;
    applied.note("ann");
    await new Promise((resolve) => setImmediate(resolve));
  };
  applied.note("ben");
  await pass(4);
  expect(heard).toEqual([]);
  await pass(7);
  expect(heard).toEqual([5, 7]);
  await pass(12);
  expect(heard).toEqual([5, 7, 9]);
});
