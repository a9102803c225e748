import type { Transition } from "./wire.ts";

/** Where the bands and marks of a person's history lie. Positions are pixels from the left edge. */

export interface Band {
  /** null: not known, it lies before the oldest transition that is kept */
  state: string | null;
  left: number;
  width: number;
}

export interface Mark {
  x: number;
  /** those that lie too close together to be drawn apart, oldest first */
  transitions: Transition[];
}

interface Tick {
  x: number;
  /** ms since 1970 */
  at: number;
}

export interface Strip {
  bands: Band[];
  marks: Mark[];
  ticks: Tick[];
}

export interface StripInput {
  /** in any order */
  transitions: readonly Transition[];
  /** the window, ms since 1970 */
  from: number;
  to: number;
  /** of the strip, pixels */
  width: number;
  /** least distance of two marks, pixels */
  markGap: number;
}

/** Steps between two ticks that people read easily, ms. */
const TICK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400]
  .map((seconds) => seconds * 1_000)
  .concat([2, 7, 14, 30, 90, 365].map((days) => days * 86_400_000));
const TICK_GAP = 84;
/** A tick nearer to an edge would have its text cut. */
const TICK_EDGE = 16;

export function layStrip({ transitions, from, to, width, markGap }: StripInput): Strip {
  const span = Math.max(1, to - from);
  const xOf = (at: number) => (Math.min(Math.max(at, from), to) - from) * (width / span);
  const ordered = transitions.toSorted((a, b) => timeOf(a) - timeOf(b) || a.version - b.version);
  return {
    bands: bandsOf(ordered, from, to, xOf),
    marks: marksOf(
      ordered.filter((transition) => timeOf(transition) >= from && timeOf(transition) <= to),
      xOf,
      markGap,
    ),
    ticks: ticksOf(from, to, width, xOf),
  };
}

function bandsOf(
  ordered: readonly Transition[],
  from: number,
  to: number,
  xOf: (at: number) => number,
): Band[] {
  const first = ordered[0];
  const starts = [
    { at: Number.NEGATIVE_INFINITY, state: first ? first.from : null },
    ...ordered.map((transition) => ({ at: timeOf(transition), state: transition.to })),
  ];
  return starts.flatMap(({ at, state }, index) => {
    const end = starts[index + 1]?.at ?? to;
    if (end <= from || at >= to) return [];
    const left = xOf(at);
    const right = xOf(end);
    return right > left ? [{ state, left, width: right - left }] : [];
  });
}

function marksOf(ordered: readonly Transition[], xOf: (at: number) => number, gap: number): Mark[] {
  const marks: Mark[] = [];
  for (const transition of ordered) {
    const x = xOf(timeOf(transition));
    const last = marks.at(-1);
    if (last && x - last.x < gap) last.transitions.push(transition);
    else marks.push({ x, transitions: [transition] });
  }
  return marks;
}

function ticksOf(from: number, to: number, width: number, xOf: (at: number) => number): Tick[] {
  const room = Math.max(1, Math.floor(width / TICK_GAP));
  const step = TICK_STEPS.find((ms) => (to - from) / ms <= room) ?? TICK_STEPS.at(-1) ?? to - from;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push({ at, x: xOf(at) });
  return ticks.filter(({ x }) => x >= TICK_EDGE && x <= width - TICK_EDGE);
}

const timeOf = ({ at }: Transition): number => Date.parse(at);

const MINUTE = 60_000;

/** Windows that can be looked at; null: all that is kept. */
export const STRIP_RANGES = [
  { name: "1 min", ms: MINUTE },
  { name: "10 min", ms: 10 * MINUTE },
  { name: "1 h", ms: 60 * MINUTE },
  { name: "24 h", ms: 24 * 60 * MINUTE },
  { name: "7 d", ms: 7 * 24 * 60 * MINUTE },
  { name: "All", ms: null },
] as const;

export type StripRange = (typeof STRIP_RANGES)[number]["name"];

/** How many of the last transitions the window that is shown first has to hold. */
const SHOWN_FIRST = 4;

/** The least window that holds the last few transitions. */
export function firstRange(transitions: readonly Transition[], now: number): StripRange {
  const newest = transitions.map(timeOf).toSorted((a, b) => b - a);
  const oldest = newest[Math.min(SHOWN_FIRST, newest.length) - 1];
  if (oldest === undefined) return "1 h";
  return STRIP_RANGES.find(({ ms }) => ms !== null && now - oldest < ms * 0.95)?.name ?? "All";
}

/** Where the window of a range begins, ms since 1970. */
export function rangeStart(range: StripRange, transitions: readonly Transition[], now: number): number {
  const ms = STRIP_RANGES.find(({ name }) => name === range)?.ms ?? null;
  if (ms !== null) return now - ms;
  const oldest = Math.min(now - MINUTE, ...transitions.map(timeOf));
  return oldest - (now - oldest) * 0.04;
}
