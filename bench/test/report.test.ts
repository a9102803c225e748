import { expect, test } from "vitest";
import { cellOf, figureOf, isMet } from "../report/figures.ts";
import { rounded, textOf } from "../report/text.ts";

const samples = [
  { subject: "meeshy", figures: { "p50 ms": 3 } },
  { subject: "redis pattern", figures: { "p50 ms": 8 } },
  { subject: "meeshy", figures: { "p50 ms": 5 } },
];

test("a subject's figure is the median over its runs, with the least and the greatest", () => {
  expect(cellOf(samples, "meeshy", "p50 ms")).toEqual({ median: 4, spread: [3, 5] });
  expect(figureOf(samples, "monolith", "p50 ms")).toBeNaN();
});

test("a target is met on its own side of the bound, and never by what was not measured", () => {
  const target = { what: "p50", bound: 8 };
  expect(isMet({ ...target, wants: "at most", measured: 8 })).toBe(true);
  expect(isMet({ ...target, wants: "at most", measured: 8.1 })).toBe(false);
  expect(isMet({ ...target, wants: "at least", measured: 8.1 })).toBe(true);
  expect(isMet({ ...target, wants: "at most", measured: Number.NaN })).toBe(false);
  expect(isMet({ ...target, wants: "at least", measured: 1, bound: Number.NaN })).toBe(false);
});

test("the table has a line a subject, and says which targets are missed", () => {
  const scenario = { name: "connect", title: "a title", run: () => Promise.reject() };
  const target = { what: "p50 ms", measured: 4, wants: "at most" as const, bound: 2 };
  const text = textOf(scenario, { samples, targets: [target], notes: ["a note"] });
  expect(text).toMatch(/meeshy +4 \(3–5\)/);
  expect(text).toMatch(/redis pattern +8$/m);
  expect(text).toContain("MISSED p50 ms: 4, wanted at most 2 (× 2)");
  expect(text).toContain("a note");
});

test("figures have three digits that count", () => {
  expect([0.123456, 12.345, 123.456, 23_456.7, Number.NaN].map(rounded)).toEqual([
    "0.123",
    "12.3",
    "123",
    "23,457",
    "-",
  ]);
});
