"use client";

import styles from "./own-menu.module.css";
import { useSession } from "./session.tsx";
import { useDemoPeople } from "./use-demo-people.ts";

/** Links that open another window as another person of the demo. */
export function SecondWindow({ selfId }: { selfId: string }) {
  const { texts } = useSession();
  const others = (useDemoPeople() ?? []).filter(({ id }) => id !== selfId);
  if (others.length === 0) return null;
  return (
    <section className={styles.group} aria-labelledby="second-window">
      <h2 id="second-window" className="heading">
        {texts.own.secondWindow}
      </h2>
      <div className={styles.actions}>
        {others.map(({ id, name }) => (
          <a
            key={id}
            className="button quiet"
            href={`/?as=${encodeURIComponent(id)}`}
            target="_blank"
            rel="noopener"
          >
            {texts.own.openAs(name)}
          </a>
        ))}
      </div>
    </section>
  );
}
