import { expect, it } from "vitest";
import { complement, covers, intersect, subtract, union } from "../oracle/intervals.ts";

const span = (from: number, to: number) => ({ from, to });
const { NEGATIVE_INFINITY: START, POSITIVE_INFINITY: END } = Number;

it("a union is sorted and disjoint: what touches is one, what is empty is none", () => {
  expect(union([span(5, 7), span(1, 3), span(3, 4), span(6, 9), span(2, 2)])).toEqual([
    span(1, 4),
    span(5, 9),
  ]);
});

it("an intersection holds what both cover", () => {
  expect(intersect([span(1, 4), span(5, 9)], [span(0, 2), span(3, 6), span(8, END)])).toEqual([
    span(1, 2),
    span(3, 4),
    span(5, 6),
    span(8, 9),
  ]);
});

it("a complement holds everything else, from the beginning of time to its end", () => {
  expect(complement([])).toEqual([span(START, END)]);
  expect(complement([span(1, 2), span(3, END)])).toEqual([span(START, 1), span(2, 3)]);
});

it("a difference leaves the rest", () => {
  expect(subtract([span(1, 9)], [span(2, 3), span(8, 20)])).toEqual([span(1, 2), span(3, 8)]);
});

it("a stretch is covered by one interval only, whose end does not belong to it", () => {
  expect(covers([span(1, 4)], 1, 3)).toBe(true);
  expect(covers([span(1, 4)], 1, 4)).toBe(false);
  expect(covers([span(1, 2), span(3, 9)], 1, 5)).toBe(false);
});
