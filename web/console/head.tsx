"use client";

import { durationText, numberText } from "./format.ts";
import styles from "./head.module.css";
import { useConsole, useNow } from "./session.tsx";
import type { System } from "./use-system.ts";
import { judge } from "./well-being.ts";

/** The figures of the whole system, and one line about how it is. */
export function Head({ system }: { system: System }) {
  const { signOut } = useConsole();
  return (
    <header className={styles.head}>
      <div className={styles.bar}>
        <h1 className={styles.name}>
          Meeshy presence <span className={styles.part}>console</span>
        </h1>
        <button type="button" className={styles.quiet} onClick={signOut}>
          Sign out
        </button>
      </div>
      <StatusLine system={system} />
      <Figures system={system} />
    </header>
  );
}

const SIGNS = { good: "✓", warning: "!", bad: "✕", unknown: "…" } as const;

function StatusLine({ system }: { system: System }) {
  const now = useNow();
  const { level, text } = judge(system, now);
  return (
    <div className={styles.line} data-level={level}>
      <span className={styles.sign} aria-hidden="true">
        {SIGNS[level]}
      </span>
      <div>
        <p role="status">
          {text}
          {system.obstacles.log !== null && " Read-only: nothing can be changed until this is over."}
        </p>
        <Age system={system} />
      </div>
    </div>
  );
}

/** How old the figures are, where they are not of this moment. */
function Age({ system: { at, failure, refresh } }: { system: System }) {
  if (failure === undefined) return null;
  const known =
    at === undefined
      ? "Nothing is known yet."
      : `Shown is what was known ${durationText(Date.now() - at)} ago.`;
  return (
    <p className={styles.age}>
      {known} It is tried again by itself.{" "}
      <button type="button" className={styles.inline} onClick={refresh}>
        Try now
      </button>
    </p>
  );
}

function Figures({ system: { stats } }: { system: System }) {
  const figures: [string, number | undefined, string | undefined][] = [
    ["Online", stats?.totalUsersOnline, "shown online, zombies too"],
    ["Active", stats?.totalUsersActive, "with a sign of life, invisible too"],
    ["Connections", stats?.activeConnections, "on all gateways"],
    [
      "Zombies cleaned",
      stats?.zombiesCleanedTotal,
      stats && `${numberText(stats.zombiesCleanedPerMinute)} in the last minute`,
    ],
  ];
  return (
    <dl className={styles.figures}>
      {figures.map(([name, figure, note]) => (
        <div key={name} className={styles.figure}>
          <dt>{name}</dt>
          <dd className={styles.value}>{figure === undefined ? "–" : numberText(figure)}</dd>
          <dd className={styles.note}>{note}</dd>
        </div>
      ))}
    </dl>
  );
}
