import { describe, expect, it } from "vitest";
import { firstRange, layStrip, rangeStart } from "../../console/strip-geometry.ts";
import { NOW, transition } from "./build.ts";

const lay = (transitions: ReturnType<typeof transition>[], seconds = 100, width = 1_000) =>
  layStrip({ transitions, from: NOW - seconds * 1_000, to: NOW, width, markGap: 24 });

describe("bands", () => {
  it("follow each other without a hole from the left edge to now, each in the state that a transition led to", () => {
    const { bands } = lay([
      transition(20, "zombie", "offline", "connection-lost"),
      transition(30, "online", "zombie", "connection-lost"),
      transition(80, "offline", "online"),
    ]);
    expect(bands).toEqual([
      { state: "offline", left: 0, width: 200 },
      { state: "online", left: 200, width: 500 },
      { state: "zombie", left: 700, width: 100 },
      { state: "offline", left: 800, width: 200 },
    ]);
  });

  it("show the state that began before the window, and none of what lay before it", () => {
    expect(lay([transition(500, "offline", "online"), transition(900, "online", "offline")]).bands).toEqual([
      { state: "online", left: 0, width: 1_000 },
    ]);
  });

  it("say that nothing is known where there is no history", () => {
    expect(lay([])).toMatchObject({ bands: [{ state: null, left: 0, width: 1_000 }], marks: [] });
  });

  it("end at the right edge, although a clock ahead of ours has dated a transition later", () => {
    const { bands, marks } = lay([transition(-5, "offline", "online"), transition(50, "online", "offline")]);
    expect(bands.map(({ left, width }) => [left, width])).toEqual([
      [0, 500],
      [500, 500],
    ]);
    expect(marks).toHaveLength(1);
  });
});

describe("marks", () => {
  it("stand at their time, those that lie too close together as one", () => {
    const { marks } = lay([
      transition(10, "online", "zombie"),
      transition(11, "offline", "online"),
      transition(60, "online", "offline"),
    ]);
    expect(marks.map(({ x, transitions }) => [x, transitions.length])).toEqual([
      [400, 1],
      [890, 2],
    ]);
    expect(marks[1]?.transitions.map(({ to }) => to)).toEqual(["online", "zombie"]);
  });

  it("leave out what lies before the window", () => {
    expect(lay([transition(500, "offline", "online")]).marks).toEqual([]);
  });

  it("are never closer together than the gap, however many there are", () => {
    const many = Array.from({ length: 50 }, (_, index) => transition(index * 2, "online", "zombie"));
    const { marks } = lay(many, 100, 300);
    const gaps = marks.slice(1).map(({ x }, index) => x - (marks[index]?.x ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(24);
    expect(marks.flatMap(({ transitions }) => transitions)).toHaveLength(50);
  });
});

it("has ticks at even times that leave each other room", () => {
  const { ticks } = lay([], 600, 600);
  expect(ticks.map(({ at }) => at % 120_000)).toEqual(ticks.map(() => 0));
  expect(ticks.length).toBeGreaterThan(3);
  expect((ticks[1]?.x ?? 0) - (ticks[0]?.x ?? 0)).toBeGreaterThanOrEqual(84);
});

describe("the window", () => {
  it("is at first the least that holds the last few transitions", () => {
    const at = (...secondsAgo: number[]) =>
      secondsAgo.map((seconds) => transition(seconds, "online", "offline"));
    expect(firstRange(at(1, 2, 3, 4, 90_000), NOW)).toBe("1 min");
    expect(firstRange(at(1, 2, 3, 300), NOW)).toBe("10 min");
    expect(firstRange(at(1, 2_000), NOW)).toBe("1 h");
    expect(firstRange(at(1, 80_000), NOW)).toBe("24 h");
    expect(firstRange(at(3_000_000), NOW)).toBe("All");
    expect(firstRange([], NOW)).toBe("1 h");
  });

  it("of all begins before the oldest transition", () => {
    const oldest = transition(3_000_000, "offline", "online");
    expect(rangeStart("All", [oldest], NOW)).toBeLessThan(Date.parse(oldest.at));
    expect(rangeStart("All", [], NOW)).toBeLessThan(NOW);
    expect(rangeStart("10 min", [oldest], NOW)).toBe(NOW - 600_000);
  });
});
