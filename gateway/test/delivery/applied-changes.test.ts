import { expect, it } from "vitest";
import { createAppliedChanges } from "../../src/delivery/applied-changes.ts";

it("a wait for a change ends with it, or with a later one, and with no earlier one", async () => {
  let directoryVersion = 0;
  const shown = () => ({ seq: 1, isOnline: true, epoch: 1, version: 1, directoryVersion });
  const applied = createAppliedChanges({ shown });
  const ended: number[] = [];
  for (const version of [5, 7, 9]) void applied.wait("ann", version).then(() => ended.push(version));
  const pass = async (version: number) => {
    directoryVersion = version;
    applied.note("ann");
    await new Promise((resolve) => setImmediate(resolve));
  };
  applied.note("ben");
  await pass(4);
  expect(ended).toEqual([]);
  await pass(7);
  expect(ended).toEqual([5, 7]);
  await pass(12);
  expect(ended).toEqual([5, 7, 9]);
});
