"use client";

import { useEffect, useMemo, useRef } from "react";
import styles from "./console.module.css";
import { Head } from "./head.tsx";
import { Live } from "./live.tsx";
import { People } from "./people.tsx";
import { PersonView } from "./person.tsx";
import { ProcessesView } from "./processes.tsx";
import { hashOf, parseRoute, type Route, useHash } from "./route.ts";
import { ObstaclesContext, useConsole } from "./session.tsx";
import { type System, useSystem } from "./use-system.ts";

const LINKS: { name: string; route: Route; views: Route["view"][] }[] = [
  { name: "People", route: { view: "people", state: null, search: "" }, views: ["people", "person"] },
  { name: "Partitions", route: { view: "processes" }, views: ["processes"] },
  { name: "Live", route: { view: "live", userId: "" }, views: ["live"] },
];

export function Workspace() {
  const { api } = useConsole();
  const system = useSystem(api);
  const hash = useHash();
  const route = useMemo(() => parseRoute(hash), [hash]);
  const main = useFocusOnChange(route.view === "person" ? route.userId : route.view);
  return (
    <ObstaclesContext value={system.obstacles}>
      <Head system={system} />
      <nav className={styles.nav} aria-label="Views">
        <ul className={styles.tabs}>
          {LINKS.map(({ name, route: target, views }) => (
            <li key={name}>
              <a
                className={styles.tab}
                href={hashOf(target)}
                aria-current={views.includes(route.view) ? "page" : undefined}
              >
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main className={styles.main} ref={main} tabIndex={-1}>
        <View route={route} system={system} />
      </main>
    </ObstaclesContext>
  );
}

function View({ route, system }: { route: Route; system: System }) {
  if (route.view === "person") return <PersonView key={route.userId} userId={route.userId} />;
  if (route.view === "processes") return <ProcessesView system={system} />;
  if (route.view === "live") return <Live userId={route.userId} />;
  return <People state={route.state} search={route.search} />;
}

/** Moves the focus to the view that is new, as a page that is loaded does, and not at the start. */
function useFocusOnChange(view: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(view);
  useEffect(() => {
    if (shown.current === view) return;
    shown.current = view;
    main.current?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }, [view]);
  return main;
}
