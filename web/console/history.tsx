"use client";

import { useEffect, useRef, useState } from "react";
import styles from "./console.module.css";
import { ageText, timeText } from "./format.ts";
import own from "./history.module.css";
import { useNow } from "./session.tsx";
import { StateBadge } from "./state-badge.tsx";
import { TransitionStrip } from "./strip.tsx";
import { firstRange, rangeStart, STRIP_RANGES, type StripRange } from "./strip-geometry.ts";
import { causeText } from "./why-text.ts";
import type { Transition } from "./wire.ts";

/** How a person's state came about: a strip over time. */
export function History({ transitions }: { transitions: readonly Transition[] }) {
  const now = useNow();
  const [range, setRange] = useState<StripRange>(() => firstRange(transitions, now));
  const [box, width] = useWidth();
  return (
    <section className={styles.card} aria-labelledby="history">
      <div className={own.top}>
        <h3 id="history" className={styles.heading}>
          History
        </h3>
        <fieldset className={own.ranges}>
          <legend className="visually-hidden">Time that is shown</legend>
          {STRIP_RANGES.map(({ name }) => (
            <label key={name} className={own.range}>
              <input type="radio" name="range" checked={range === name} onChange={() => setRange(name)} />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div ref={box}>
        {width > 0 && (
          <TransitionStrip
            transitions={transitions}
            from={rangeStart(range, transitions, now)}
            to={now}
            width={width}
          />
        )}
      </div>
    </section>
  );
}

/** The same as the strip, in words. */
export function TransitionTable({ transitions }: { transitions: readonly Transition[] }) {
  const now = useNow();
  return (
    <section className={styles.card} aria-labelledby="transitions">
      <h3 id="transitions" className={styles.heading}>
        Transitions, newest first
      </h3>
      {transitions.length === 0 ? (
        <p className={styles.muted}>None is known: this person has not connected yet.</p>
      ) : (
        <Rows transitions={transitions} now={now} />
      )}
    </section>
  );
}

function Rows({ transitions, now }: { transitions: readonly Transition[]; now: number }) {
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Change</th>
          <th scope="col">Because</th>
          <th scope="col" className={own.wide}>
            Version
          </th>
          <th scope="col" className={own.wide}>
            Connection
          </th>
          <th scope="col" className={own.wide}>
            Trace
          </th>
        </tr>
      </thead>
      <tbody>
        {transitions.map(({ epoch, version, at, from, to, cause, connectionId, traceId }) => (
          <tr key={`${epoch}.${version}.${to}`}>
            <td title={ageText(at, now)}>
              <time dateTime={at}>{timeText(at, now)}</time>
            </td>
            <td className={own.change}>
              {from} → <StateBadge state={to} />
            </td>
            <td title={cause}>{causeText(cause)}</td>
            <td className={`${own.wide} ${styles.code}`}>
              {epoch}.{version}
            </td>
            <td className={`${own.wide} ${styles.code}`}>{connectionId ?? "–"}</td>
            <td className={`${own.wide} ${styles.code}`}>{traceId ?? "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The width of an element, pixels; 0 until it is known. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
