import { expect, test } from "vitest";
import { agreementOf, cellOf, figureOf, isMet, targetOf, worstOf } from "../report/figures.ts";
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

test("what must never be is judged by its worst run", () => {
  expect(worstOf(samples, "meeshy", "p50 ms")).toBe(5);
  expect(worstOf(samples, "monolith", "p50 ms")).toBeNaN();
});

const inRounds = (subject: string, values: readonly number[]) =>
  values.map((value) => ({ subject, figures: { ms: value } }));

test("a comparison pairs what was measured in the same round, and says in how many it was met", () => {
  // The machine was slow in the second round, for both: the ratios hardly move.
  const both = [...inRounds("ours", [10, 30, 11]), ...inRounds("theirs", [8, 20, 10])];
  const about = { what: "ms", subject: "ours", figure: "ms", wants: "at most" as const };
  const target = targetOf(both, { ...about, bound: { subject: "theirs", times: 2 } });
  expect(target).toMatchObject({ measured: 11, bound: 20 });
  const agreement = agreementOf(target);
  expect(agreement).toMatchObject({ rounds: 3, met: 3, chance: 0.25 });
  expect(agreement?.ratio.median).toBeCloseTo(0.625);
  expect(agreement?.ratio.spread).toEqual([0.55, 0.75]);

  const fixed = agreementOf(targetOf(both, { ...about, bound: 10.5 }));
  expect(fixed).toMatchObject({ rounds: 3, met: 1, chance: 1 });
});

test("how likely agreement is by chance alone follows the sign test", () => {
  const target = { what: "p50", measured: 1, wants: "at most" as const, bound: 1 };
  const chanceOf = (...ratios: number[]) => agreementOf({ ...target, ratios })?.chance;
  expect(chanceOf(0.9, 0.9, 0.9)).toBe(0.25);
  expect(chanceOf(1.1, 1.1, 1.1, 1.1, 1.1)).toBe(1 / 16);
  expect(chanceOf(0.9, 0.9, 0.9, 0.9, 1.1)).toBe(3 / 8);
  expect(chanceOf(0.9, 1.1)).toBe(1);
});

test("one round agrees with nothing, and rounds of one side alone make no pairs", () => {
  const target = { what: "p50", measured: 1, wants: "at most" as const, bound: 1 };
  expect(agreementOf(target)).toBeUndefined();
  expect(agreementOf({ ...target, ratios: [0.5] })).toBeUndefined();
  const uneven = [...inRounds("ours", [10, 11, 12]), ...inRounds("theirs", [8, 9])];
  const compared = targetOf(uneven, {
    ...{ what: "ms", subject: "ours", figure: "ms", wants: "at most" as const },
    bound: { subject: "theirs" },
  });
  expect(compared).toMatchObject({ measured: 11, bound: 8.5, ratios: [] });
  expect(agreementOf(compared)).toBeUndefined();
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
  expect(text).not.toContain("by round");
  const paired = { ...target, ratios: [2.1, 1.9, 2] };
  expect(textOf(scenario, { samples, targets: [paired], notes: [] })).toContain(
    "by round × 2 (1.9–2.1), met in 0 of 3; by chance alone: 25 %",
  );
  const disputed = { ...target, ratios: [2.1, 0.9, 2] };
  expect(textOf(scenario, { samples, targets: [disputed], notes: [] })).toContain(
    "by round × 2 (0.9–2.1), met in 1 of 3; the rounds disagree; by chance alone: 100 %",
  );
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
