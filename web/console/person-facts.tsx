"use client";

import styles from "./console.module.css";
import { ageText, durationText, timeText } from "./format.ts";
import { layersOf } from "./layers.ts";
import { useNow } from "./session.tsx";
import type { Choice, Explanation, OpenConnection } from "./wire.ts";

/** The open connections of a person, on every gateway. */
export function Connections({ connections }: { connections: readonly OpenConnection[] }) {
  const now = useNow();
  return (
    <section className={styles.card} aria-labelledby="connections">
      <h3 id="connections" className={styles.heading}>
        Connections
      </h3>
      {connections.length === 0 ? (
        <p className={styles.muted}>None is open.</p>
      ) : (
        <div className={styles.scroll}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">Gateway</th>
                <th scope="col">Open for</th>
              </tr>
            </thead>
            <tbody>
              {connections.map(({ connectionId, device, gatewayId, since, passive }) => (
                <tr key={connectionId} title={`Connection ${connectionId}`}>
                  <td>
                    {device ?? "no name"}
                    {passive && <span className={styles.muted}> (passive: keeps no one online)</span>}
                  </td>
                  <td className={styles.code}>{gatewayId === "service" ? "kept by a service" : gatewayId}</td>
                  <td title={timeText(since, now)}>{durationText(now - Date.parse(since))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** What was chosen for a person, in layers: the strongest is shown. */
export function Layers({ explanation: { choices } }: { explanation: Explanation }) {
  const now = useNow();
  return (
    <section className={styles.card} aria-labelledby="layers">
      <h3 id="layers" className={styles.heading}>
        Availability
      </h3>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Says</th>
            <th scope="col">Ends</th>
          </tr>
        </thead>
        <tbody>
          {layersOf(choices).map(({ name, choice, applies }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                {choice === null ? "–" : [choice.availability, choice.statusText].filter(Boolean).join(": ")}
                {applies && <strong> (applies)</strong>}
              </td>
              <td>{endText(choice, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function endText(choice: Choice | null, now: number): string {
  if (choice === null) return "–";
  if (choice.expiresAt === null) return "no end";
  const left = Date.parse(choice.expiresAt) - now;
  return left > 0 ? `in ${durationText(left)}` : `ended ${ageText(choice.expiresAt, now)}`;
}
