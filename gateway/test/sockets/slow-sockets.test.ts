import { expect, it } from "vitest";
import { type Backlog, isTooSlow, type Suspect, suspectOf } from "../../src/sockets/slow-sockets.ts";

const KB = 1024;
/** The look, counted from 1, at which a socket is closed for which so much waits at each; `undefined`: at none. */
function closedAt(backlogs: readonly Backlog[]): number | undefined {
  let before: Suspect | undefined;
  for (const [index, backlog] of backlogs.entries()) {
    const suspect = suspectOf(backlog, before);
    if (suspect && isTooSlow(suspect, before)) return index + 1;
    before = suspect;
  }
  return undefined;
}
const kilobytes = (...sizes: number[]) => sizes.map((size) => ({ frames: 10, chars: size * KB }));
const frames = (...counts: number[]) => counts.map((count) => ({ frames: count, chars: count }));

it.each([
  ["little waits", kilobytes(500, 1_024, 1_000, 1_024), undefined],
  ["one burst", kilobytes(0, 9_000, 0, 9_000, 0), undefined],
  ["a burst that is taken over some seconds", kilobytes(9_000, 7_000, 4_000, 1_500, 0), undefined],
  ["nothing is taken", kilobytes(0, 2_000, 2_000), 3],
  ["less is taken than comes", kilobytes(1_100, 1_200), 2],
  ["many small frames, none of which is taken", frames(1_001, 1_001), 2],
  ["many small frames that are taken", frames(5_000, 3_000, 900), undefined],
  [
    "it is taken so slowly that it waits for long",
    kilobytes(...Array.from({ length: 20 }, (_, n) => 9_000 - n)),
    10,
  ],
  ["little waits in between", kilobytes(2_000, 1_000, 2_000, 1_900), undefined],
])("a socket is closed when too much waits and is not taken: %s", (_, backlogs, expected) => {
  expect(closedAt(backlogs)).toBe(expected);
});
