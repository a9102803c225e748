"use client";

import { useState } from "react";
import styles from "./console.module.css";
import { ageText, countText, lagText, numberText } from "./format.ts";
import type { OwnerName } from "./owners.ts";
import own from "./processes.module.css";
import { useNow } from "./session.tsx";
import { isLate } from "./well-being.ts";
import type { Partition } from "./wire.ts";

interface GridProps {
  partitions: readonly Partition[];
  names: ReadonlyMap<string, OwnerName>;
}

/** One cell a partition: its owner by colour and letter, marked where it is late or not processed. */
export function PartitionGrid({ partitions, names }: GridProps) {
  const now = useNow();
  const [chosen, setChosen] = useState(0);
  const shown = partitions.find(({ partition }) => partition === chosen);
  const unserved = partitions.filter(({ isServed }) => !isServed);
  return (
    <section className={styles.card} aria-labelledby="grid">
      <h3 id="grid" className={styles.heading}>
        {partitions.length} partitions
      </h3>
      <p className={own.summary} data-unserved={unserved.length > 0}>
        {unserved.length === 0
          ? "All are processed."
          : `${countText(unserved.length, "partition")} ${unserved.length === 1 ? "is" : "are"} not processed, marked ✕.`}{" "}
        <span className={styles.muted}>Letter and colour name the worker. Choose a cell to read more.</span>
      </p>
      <ul className={own.grid}>
        {partitions.map((partition) => (
          <li key={partition.partition}>
            <Cell
              partition={partition}
              name={partition.owner === null ? undefined : names.get(partition.owner)}
              now={now}
              isChosen={partition.partition === chosen}
              onChoose={() => setChosen(partition.partition)}
            />
          </li>
        ))}
      </ul>
      {shown && <Details partition={shown} />}
    </section>
  );
}

interface CellProps {
  partition: Partition;
  name: OwnerName | undefined;
  now: number;
  isChosen: boolean;
  onChoose: () => void;
}

function Cell({ partition, name, now, isChosen, onChoose }: CellProps) {
  const { partition: number, isServed, lagMs } = partition;
  const lateness = isLate(partition, now) ? lagText(lagMs ?? 0) : null;
  return (
    <button
      type="button"
      className={own.cell}
      data-partition={number}
      data-served={isServed}
      data-late={lateness !== null}
      data-tone={isServed ? name?.tone : undefined}
      aria-pressed={isChosen}
      onClick={onChoose}
      onFocus={onChoose}
    >
      <span className="visually-hidden">{cellText(partition, lateness)}</span>
      <span className={own.number} aria-hidden="true">
        {number}
      </span>
      <span className={own.owner} aria-hidden="true">
        {isServed ? (name?.letter ?? "?") : "✕"}
      </span>
      {lateness !== null && (
        <span className={own.lag} aria-hidden="true">
          {lateness}
        </span>
      )}
    </button>
  );
}

function cellText({ partition, owner, isServed }: Partition, lateness: string | null): string {
  if (owner === null) return `Partition ${partition}: no owner`;
  if (!isServed) return `Partition ${partition}: not processed by ${owner}`;
  return `Partition ${partition}: ${owner}${lateness === null ? "" : `, late by ${lateness}`}`;
}

function Details({ partition }: { partition: Partition }) {
  const now = useNow();
  const { partition: number, owner, isServed, epoch, position, lagMs, checkpointAt } = partition;
  const facts: [string, string][] = [
    ["Owner", owner ?? "none"],
    ["Processed", isServed ? "yes" : "no"],
    ["Lag at the checkpoint", lagMs === null ? "not known" : lagText(lagMs)],
    ["Checkpoint", checkpointAt === null ? "none yet" : ageText(checkpointAt, now)],
    ["Position", position ? `${numberText(position)} (epoch ${epoch})` : "not known"],
  ];
  return (
    <div className={own.details}>
      <h4 className={own.detailsTitle}>Partition {number}</h4>
      <dl className={own.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
