import { expect, test } from "vitest";
import { createHistoryWindow, OVERLAP_MS } from "../../src/core/history-window.ts";

const line = (version: number, at: number) => ({ userId: "ann", epoch: 1, version, at });
const START = 100_000;

test("each line is new once, one that is stored late too", () => {
  const window = createHistoryWindow(START);
  expect(window.place()).toEqual({ at: START - OVERLAP_MS, userId: "", epoch: 0, version: 0 });
  const [early, late, last] = [line(1, START + 10), line(2, START + 5), line(3, START + 6_000)];
  expect(window.take([early], false)).toEqual([early]);
  expect(window.place().at).toBe(START + 10 - OVERLAP_MS);
  expect(window.take([late, early], false)).toEqual([late]);
  expect(window.take([late, early, last], false)).toEqual([last]);
  expect(window.place().at).toBe(START + 6_000 - OVERLAP_MS);
});

test("without a line before, the first ones are new", () => {
  const window = createHistoryWindow(null);
  expect(window.place().at).toBeLessThan(0);
  expect(window.take([line(1, 3)], false)).toHaveLength(1);
});

test("a full read is followed by what stands behind its last line", () => {
  const window = createHistoryWindow(START);
  const lines = [line(1, START), line(2, START)];
  window.take(lines, true);
  expect(window.place()).toEqual(lines[1]);
  expect(window.take([], false)).toEqual([]);
  expect(window.place().at).toBe(START - OVERLAP_MS);
});

test("while it is held it goes back to where it was held, and leaves out what was seen all the same", () => {
  const window = createHistoryWindow(START);
  window.hold();
  const after = [line(9, START + 60_000)];
  expect(window.take(after, false)).toEqual(after);
  expect(window.place().at).toBe(START - OVERLAP_MS);
  const missed = line(4, START + 20_000);
  window.hold();
  expect(window.take([missed, ...after], false)).toEqual([missed]);
  window.release();
  expect(window.place().at).toBe(START + 60_000 - OVERLAP_MS);
});
