"use client";

import type { OwnConnection } from "../presence/wire.ts";
import { formatShortly } from "./format.ts";
import styles from "./own-menu.module.css";
import { useSession } from "./session.tsx";

/** Where the person is connected, the oldest first. */
export function OwnDevices({ connections }: { connections: readonly OwnConnection[] }) {
  const { texts, locale, presence } = useSession();
  const sorted = connections.toSorted((a, b) => (a.since < b.since ? -1 : 1));
  return (
    <section className={styles.group} aria-labelledby="own-devices">
      <h2 id="own-devices" className="heading">
        {texts.own.devices}
      </h2>
      <ul className={styles.rows}>
        {sorted.map(({ connectionId, device, since, current }) => (
          <li key={connectionId} className={styles.row}>
            <span>
              {device ?? texts.own.otherDevice}
              {current && <span className="badge">{texts.own.thisDevice}</span>}
            </span>
            <span className={styles.hint}>
              {texts.own.since(formatShortly(Date.parse(since), presence.clock.now(), locale))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
