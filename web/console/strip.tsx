"use client";

import { useId, useState } from "react";
import { timeText } from "./format.ts";
import own from "./history.module.css";
import { type Band, layStrip, type Mark, type StripInput } from "./strip-geometry.ts";
import { causeText } from "./why-text.ts";
import type { Transition } from "./wire.ts";

const BAND_TOP = 16;
const BAND_HEIGHT = 40;
const HEIGHT = 92;
/** Of marks for a mouse; a finger needs more room. */
const MARK_GAP = 24;
const FINGER_GAP = 44;
/** Room at both ends, for marks at the edges. */
const EDGE = 12;

/** One band over time, coloured by state, with a mark at each transition, whose text stands below it on focus or hover. */
export function TransitionStrip({ transitions, from, to, width }: Omit<StripInput, "markGap">) {
  const patternId = useId();
  const [shown, setShown] = useState<Mark | null>(null);
  const inner = Math.max(1, width - 2 * EDGE);
  const markGap = window.matchMedia("(pointer: coarse)").matches ? FINGER_GAP : MARK_GAP;
  const strip = layStrip({ transitions, from, to, width: inner, markGap });
  return (
    <figure className={own.figure}>
      <div className={own.stage}>
        <svg
          className={own.strip}
          width={width}
          height={HEIGHT}
          viewBox={`${-EDGE} 0 ${width} ${HEIGHT}`}
          aria-hidden="true"
        >
          <Bands bands={strip.bands} patternId={patternId} />
          {strip.ticks.map(({ x, at }) => (
            <g key={at} className={own.tick}>
              <path d={`M${x} ${BAND_TOP + BAND_HEIGHT + 4}v6`} />
              <text x={x} y={HEIGHT - 12} textAnchor="middle">
                {tickText(at, from, to)}
              </text>
            </g>
          ))}
          {strip.marks.map((mark) => (
            <MarkSign key={mark.x} mark={mark} isShown={isSame(mark, shown)} />
          ))}
        </svg>
        <ul
          className={own.marks}
          aria-label="Marks; the table below says the same"
          onMouseLeave={() => setShown(null)}
        >
          {strip.marks.map((mark) => (
            <li key={keyOf(mark)}>
              <button
                type="button"
                className={own.mark}
                style={{ left: mark.x + EDGE - markGap / 2, width: markGap }}
                aria-label={marksText(mark, to)}
                onFocus={() => setShown(mark)}
                onBlur={() => setShown(null)}
                onMouseEnter={() => setShown(mark)}
              />
            </li>
          ))}
        </ul>
      </div>
      <Legend patternId={patternId} />
      <figcaption className={own.caption}>
        {shown ? marksText(shown, to) : "Point at a mark, or reach it with Tab, to read what happened."}
      </figcaption>
    </figure>
  );
}

/** Marks move with time and are made of other transitions when they meet: the first one names them. */
const keyOf = ({ transitions }: Mark): string => `${transitions[0]?.epoch}.${transitions[0]?.version}`;

const isSame = (mark: Mark, shown: Mark | null): boolean => shown !== null && keyOf(mark) === keyOf(shown);

function Bands({ bands, patternId }: { bands: readonly Band[]; patternId: string }) {
  return (
    <>
      <defs>
        <pattern
          id={patternId}
          width="8"
          height="8"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect width="8" height="8" className={own.zombieGround} />
          <rect width="3" height="8" className={own.zombieStripe} />
        </pattern>
      </defs>
      {bands.map(({ state, left, width }) => (
        <rect
          key={left}
          className={own.band}
          data-state={state ?? "unknown"}
          x={left}
          y={state === "offline" ? BAND_TOP + BAND_HEIGHT - 10 : BAND_TOP}
          width={Math.max(1, width)}
          height={state === "offline" ? 10 : BAND_HEIGHT}
          fill={state === "zombie" ? `url(#${patternId})` : undefined}
        />
      ))}
    </>
  );
}

function MarkSign({ mark: { x, transitions }, isShown }: { mark: Mark; isShown: boolean }) {
  const count = transitions.length;
  return (
    <g className={own.sign} data-shown={isShown}>
      <path d={`M${x} ${BAND_TOP - 4}v${BAND_HEIGHT + 8}`} />
      <circle cx={x} cy={BAND_TOP - 5} r={count > 1 ? 8 : 5} />
      {count > 1 && (
        <text x={x} y={BAND_TOP - 1.5} textAnchor="middle">
          {count}
        </text>
      )}
    </g>
  );
}

const LEGEND = ["online", "zombie", "offline"] as const;

function Legend({ patternId }: { patternId: string }) {
  return (
    <ul className={own.legend}>
      {LEGEND.map((state) => (
        <li key={state}>
          <svg width="22" height="12" aria-hidden="true">
            <rect
              className={own.band}
              data-state={state}
              y={state === "offline" ? 7 : 0}
              width="22"
              height={state === "offline" ? 5 : 12}
              fill={state === "zombie" ? `url(#${patternId})` : undefined}
            />
          </svg>
          {state}
        </li>
      ))}
    </ul>
  );
}

const DAY_MS = 86_400_000;

function tickText(at: number, from: number, to: number): string {
  const date = new Date(at);
  if (to - from > 2 * DAY_MS) return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const hasSeconds = to - from < 10 * 60_000;
  return date.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(hasSeconds ? { second: "2-digit" } : {}),
  });
}

/** Of many that lie together the last few. */
const TEXTS_MAX = 4;

function marksText({ transitions }: Mark, now: number): string {
  const last = transitions.slice(-TEXTS_MAX).map((transition) => transitionText(transition, now));
  const before = transitions.length - last.length;
  return [...(before > 0 ? [`${before} before.`] : []), ...last].join(" ");
}

const transitionText = ({ at, from, to, cause }: Transition, now: number): string =>
  `${timeText(at, now)}: ${from} to ${to}, ${causeText(cause)}.`;
