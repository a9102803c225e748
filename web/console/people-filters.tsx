"use client";

import { useEffect, useId, useRef, useState } from "react";
import styles from "./people.module.css";
import { replaceRoute } from "./route.ts";
import { PEOPLE_FILTERS, type PeopleFilter } from "./wire.ts";

const TYPING_MS = 300;
const SEARCH_MAX = 100;

/** Who is listed: a state, and a part of a name. Both stand in the address. */
export function PeopleFilters({ state, search }: { state: PeopleFilter | null; search: string }) {
  const searchId = useId();
  const [typed, setTyped] = useState(search);
  const sent = useRef(search);

  useEffect(() => {
    // The address was changed by something else: a link, or the way back.
    if (search !== sent.current) setTyped(search);
    sent.current = search;
  }, [search]);

  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = wanted;
      replaceRoute({ view: "people", state, search: wanted });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, state]);

  const choose = (chosen: PeopleFilter | null) =>
    replaceRoute({ view: "people", state: chosen, search: typed.trim() });
  return (
    <search className={styles.filters}>
      <fieldset className={styles.states}>
        <legend className={styles.legend}>State</legend>
        {[null, ...PEOPLE_FILTERS].map((name) => (
          <label key={name} className={styles.state}>
            <input type="radio" name="state" checked={state === name} onChange={() => choose(name)} />
            <span>{name === null ? "Everyone" : LABELS[name]}</span>
          </label>
        ))}
      </fieldset>
      <label className={styles.searchLabel} htmlFor={searchId}>
        <span className={styles.legend}>Name contains</span>
        <input
          id={searchId}
          type="search"
          className={styles.search}
          value={typed}
          maxLength={SEARCH_MAX}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
    </search>
  );
}

const LABELS: Record<PeopleFilter, string> = {
  online: "Online",
  zombie: "Zombie",
  offline: "Offline",
  invisible: "Invisible",
};
