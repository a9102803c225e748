"use client";

import { useState } from "react";
import { CleanUp } from "./clean-up.tsx";
import styles from "./console.module.css";
import { ageText, countText, numberText, timeText } from "./format.ts";
import type { OwnerName } from "./owners.ts";
import { nameOwners } from "./owners.ts";
import { PartitionGrid } from "./partition-grid.tsx";
import own from "./processes.module.css";
import { useNow } from "./session.tsx";
import type { System } from "./use-system.ts";
import type { Processes } from "./wire.ts";

/** Who processes each partition, and every process with its last sign of life. */
export function ProcessesView({ system }: { system: System }) {
  const { processes, failure } = system;
  const names = useOwnerNames(processes);
  return (
    <section className={styles.view} aria-labelledby="partitions">
      <h2 id="partitions" className={styles.title}>
        Partitions and processes
      </h2>
      {processes ? (
        <>
          <PartitionGrid partitions={processes.partitions} names={names} />
          <Tables processes={processes} names={names} system={system} />
        </>
      ) : (
        <p className={styles.muted}>{failure ? failure.message : "Reading…"}</p>
      )}
    </section>
  );
}

/** Letters that a worker keeps for as long as it is known. */
function useOwnerNames(processes: Processes | undefined): ReadonlyMap<string, OwnerName> {
  const [named, setNamed] = useState<{ from: Processes | undefined; names: ReadonlyMap<string, OwnerName> }>({
    from: undefined,
    names: new Map(),
  });
  if (processes === named.from || !processes) return named.names;
  const ids = [
    ...processes.partitions.flatMap(({ owner }) => owner ?? []),
    ...processes.workers.map(({ workerId }) => workerId),
  ];
  const names = nameOwners(named.names, ids);
  setNamed({ from: processes, names });
  return names;
}

interface TablesProps {
  processes: Processes;
  names: ReadonlyMap<string, OwnerName>;
  system: System;
}

function Tables({ processes: { workers, gateways, sweepers }, names, system: { stats } }: TablesProps) {
  const now = useNow();
  return (
    <div className={own.tables}>
      <ProcessTable title="Workers" figures={["Partitions", "People online"]} none="No worker is known.">
        {workers.map(({ workerId, partitions, usersOnline, ...sign }) => (
          <ProcessRow
            key={workerId}
            id={workerId}
            owner={names.get(workerId)}
            figures={{ Partitions: numberText(partitions), "People online": numberText(usersOnline) }}
            {...sign}
          />
        ))}
      </ProcessTable>
      <ProcessTable title="Gateways" figures={["Connections", "People"]} none="No gateway is known.">
        {gateways.map(({ gatewayId, connections, users, ...sign }) => (
          <ProcessRow
            key={gatewayId}
            id={gatewayId}
            figures={{ Connections: numberText(connections), People: numberText(users) }}
            {...sign}
          />
        ))}
      </ProcessTable>
      <ProcessTable title="Sweepers" figures={["State"]} none="No sweeper is known.">
        {sweepers.map(({ sweeperId, state, reason, ...sign }) => (
          <ProcessRow
            key={sweeperId}
            id={sweeperId}
            figures={{ State: reason ? `${state}: ${reason}` : state }}
            {...sign}
          />
        ))}
      </ProcessTable>
      <section className={styles.card} aria-labelledby="clean-up">
        <h3 id="clean-up" className={styles.heading}>
          Safety net over the database
        </h3>
        <p>
          {stats?.lastCleanupAt
            ? `Last sweep ${ageText(stats.lastCleanupAt, now)} (${timeText(stats.lastCleanupAt, now)}), it took ${numberText(stats.lastCleanupDurationMs ?? 0)} ms.`
            : "No sweep is known yet."}
          {stats && ` ${countText(stats.zombiesCleanedTotal, "zombie")} cleaned since the workers started.`}
        </p>
        <CleanUp />
      </section>
    </div>
  );
}

interface ProcessTableProps {
  title: string;
  figures: string[];
  none: string;
  children: React.ReactElement[];
}

function ProcessTable({ title, figures, none, children }: ProcessTableProps) {
  const id = title.toLowerCase();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <h3 id={id} className={styles.heading}>
        {title}
      </h3>
      {children.length === 0 ? (
        <p className={styles.muted}>{none}</p>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Name</th>
              {figures.map((name) => (
                <th key={name} scope="col" className={own.wide}>
                  {name}
                </th>
              ))}
              <th scope="col">Last heartbeat</th>
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
    </section>
  );
}

interface ProcessRowProps {
  id: string;
  /** by the name of their column; on a narrow page they stand below the name */
  figures: Record<string, string>;
  owner?: OwnerName | undefined;
  lastBeatAt: string;
  isSilent: boolean;
}

function ProcessRow({ id, figures, owner, lastBeatAt, isSilent }: ProcessRowProps) {
  const now = useNow();
  return (
    <tr data-process={id} data-silent={isSilent}>
      <th scope="row" className={own.name}>
        {owner && (
          <span className={own.letter} data-tone={owner.tone} aria-hidden="true">
            {owner.letter}
          </span>
        )}
        <span className={styles.code}>{id}</span>
        <span className={own.narrow}>
          {Object.entries(figures)
            .map(([name, figure]) => `${name}: ${figure}`)
            .join(", ")}
        </span>
      </th>
      {Object.entries(figures).map(([name, figure]) => (
        <td key={name} className={own.wide}>
          {figure}
        </td>
      ))}
      <td>
        {isSilent && <strong className={own.silent}>Silent, </strong>}
        {ageText(lastBeatAt, now)}
      </td>
    </tr>
  );
}
