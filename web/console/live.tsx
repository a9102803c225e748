"use client";

import { memo, useEffect, useState, useSyncExternalStore } from "react";
import styles from "./console.module.css";
import { countText, timeText } from "./format.ts";
import own from "./live.module.css";
import { type LiveRow, type LiveView, NO_TRANSITIONS, RATE_SECONDS } from "./live-feed.ts";
import { LiveFilter } from "./live-filter.tsx";
import { Notice } from "./notice.tsx";
import { plotPoints } from "./rates.ts";
import { hashOf } from "./route.ts";
import { useConsole } from "./session.tsx";
import { StateBadge } from "./state-badge.tsx";
import { causeText } from "./why-text.ts";
import type { LiveTransition } from "./wire.ts";

/** Rows on the page: more are found by the filter. */
const SHOWN_MAX = 100;

/** Transitions as they happen; `userId`: a part of the ids that are shown. */
export function Live({ userId }: { userId: string }) {
  const { live } = useConsole();
  useEffect(() => live.start(), [live]);
  const view = useSyncExternalStore(live.subscribe, live.view, () => NO_TRANSITIONS);
  /** the rows of the moment in which the list was paused */
  const [frozen, setFrozen] = useState<readonly LiveRow[] | null>(null);
  const rows = frozen ?? view.rows;
  const held = frozen === null ? 0 : (view.rows[0]?.id ?? -1) - (frozen[0]?.id ?? -1);
  return (
    <section className={styles.view} aria-labelledby="live">
      <h2 id="live" className={styles.title}>
        Live transitions
      </h2>
      <Phase view={view} />
      <Rate perSecond={view.perSecond} />
      <section className={styles.card} aria-label="List of transitions">
        <div className={own.controls}>
          <LiveFilter userId={userId} />
          <button
            type="button"
            className={styles.quiet}
            aria-pressed={frozen !== null}
            onClick={() => setFrozen(frozen === null ? view.rows : null)}
          >
            {frozen === null ? "Pause" : "Go on"}
          </button>
          <span className={styles.muted}>{frozen !== null && `Paused: ${countText(held, "new row")}.`}</span>
        </div>
        <Rows rows={rows.filter(concerns(userId)).slice(0, SHOWN_MAX)} isFiltered={userId !== ""} />
      </section>
    </section>
  );
}

const concerns = (userId: string) => (row: LiveRow) =>
  row.kind === "gap" || row.transition.userId.toLowerCase().includes(userId.toLowerCase());

const PHASES: Record<LiveView["phase"], string> = {
  off: "Not connected.",
  connecting: "Connecting…",
  live: "Connected: transitions appear here within seconds.",
  lost: "The stream is interrupted; it is opened again by itself.",
};

function Phase({ view: { phase, failure } }: { view: LiveView }) {
  if (phase !== "lost")
    return (
      <p className={styles.muted} data-phase={phase}>
        {PHASES[phase]}
      </p>
    );
  return (
    <Notice>
      <p role="alert" data-phase={phase}>
        {PHASES.lost} {failure?.message}
      </p>
    </Notice>
  );
}

const PLOT = { width: 300, height: 48 };

function Rate({ perSecond }: { perSecond: readonly number[] }) {
  const total = perSecond.reduce((sum, count) => sum + count, 0);
  const last = perSecond.at(-1) ?? 0;
  const most = Math.max(0, ...perSecond);
  const { width, height } = PLOT;
  return (
    <figure className={own.rate}>
      <figcaption>
        <strong className={own.figure}>{last}</strong> per second
        <span className={styles.muted}>
          {" "}
          · {countText(total, "transition")} in the last minute, at most {most} in a second
        </span>
      </figcaption>
      <svg
        className={own.plot}
        viewBox={`0 -2 ${width} ${height + 4}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Transitions per second over ${RATE_SECONDS} seconds: now ${last}, at most ${most}`}
      >
        <path className={own.base} d={`M0 ${height}H${width}`} />
        <polyline className={own.line} points={plotPoints(perSecond, width, height)} />
      </svg>
    </figure>
  );
}

function Rows({ rows, isFiltered }: { rows: readonly LiveRow[]; isFiltered: boolean }) {
  const now = Date.now();
  if (rows.length === 0)
    return (
      <p className={styles.muted}>
        {isFiltered
          ? "No transition of this user since the view was opened."
          : "No transition since the view was opened."}
      </p>
    );
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">User</th>
          <th scope="col">Change</th>
          <th scope="col" className={own.wide}>
            Because
          </th>
          <th scope="col" className={own.wide}>
            Trace
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) =>
          row.kind === "gap" ? (
            <tr key={row.id}>
              <td colSpan={5} className={own.gap}>
                Interrupted from {timeText(isoOf(row.from), now)} to {timeText(isoOf(row.to), now)}: what
                happened meanwhile stands in each person&apos;s history.
              </td>
            </tr>
          ) : (
            <TransitionRow key={row.id} transition={row.transition} />
          ),
        )}
      </tbody>
    </table>
  );
}

const TransitionRow = memo(function TransitionRow({ transition }: { transition: LiveTransition }) {
  const { userId, at, from, to, cause, traceId } = transition;
  return (
    <tr data-user-id={userId}>
      <td>
        <time dateTime={at}>{timeText(at, Date.now())}</time>
      </td>
      <td>
        <a className={own.user} href={hashOf({ view: "person", userId })}>
          {userId}
        </a>
      </td>
      <td>
        <span className={own.from}>{from} → </span>
        <StateBadge state={to} />
        <span className={own.narrow}>{causeText(cause)}</span>
      </td>
      <td className={own.wide} title={cause}>
        {causeText(cause)}
      </td>
      <td className={`${own.wide} ${styles.code}`}>{traceId ?? "–"}</td>
    </tr>
  );
});

const isoOf = (at: number): string => new Date(at).toISOString();
