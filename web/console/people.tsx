"use client";

import { useCallback, useEffect, useState } from "react";
import styles from "./console.module.css";
import { gatherPage } from "./gather-page.ts";
import { Notice, StaleNotice } from "./notice.tsx";
import { PeopleFilters } from "./people-filters.tsx";
import { PeopleTable } from "./people-table.tsx";
import { hashOf } from "./route.ts";
import { useConsole } from "./session.tsx";
import { usePolled } from "./use-polled.ts";
import type { PeopleFilter } from "./wire.ts";

interface Filters {
  state: PeopleFilter | null;
  search: string;
}

const EVERY_MS = 4_000;

/** Everyone who fits the filters, page by page. */
export function People(filters: Filters) {
  const { list } = useConsole();
  const address = hashOf({ view: "people", ...filters });
  useEffect(() => {
    list.address = address;
  }, [list, address]);
  return (
    <section className={styles.view} aria-labelledby="people">
      <h2 id="people" className={styles.title}>
        People
      </h2>
      <PeopleFilters {...filters} />
      <Pages key={`${filters.state} ${filters.search}`} {...filters} />
    </section>
  );
}

function Pages({ state, search }: Filters) {
  const { api, names } = useConsole();
  /** where the pages before this one began */
  const [before, setBefore] = useState<(string | null)[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const question = useCallback(
    () => gatherPage(api.people, { state, search, cursor }),
    [api, state, search, cursor],
  );
  const polled = usePolled(question, EVERY_MS);
  const page = polled.data;
  useEffect(() => {
    for (const { userId, displayName, username } of page?.users ?? []) {
      const name = displayName ?? username;
      if (name !== null) names.set(userId, name);
    }
  }, [page, names]);

  const next = page?.nextCursor ?? null;
  const goOn = () => {
    setBefore([...before, cursor]);
    setCursor(next);
  };
  const goBack = () => {
    setCursor(before.at(-1) ?? null);
    setBefore(before.slice(0, -1));
  };
  return (
    <>
      <StaleNotice polled={polled} />
      {page?.stale && (
        <Notice>
          <p role="alert">
            NATS does not answer: states are those of the database, and connections are not known.
          </p>
        </Notice>
      )}
      {page ? (
        <div className={styles.card}>
          <PeopleTable people={page.users} isFresh={polled.isCurrent && !polled.failure} />
        </div>
      ) : (
        polled.failure === undefined && <p className={styles.muted}>Reading…</p>
      )}
      {(before.length > 0 || next !== null) && (
        <div className={styles.pages}>
          <button
            type="button"
            className={styles.quiet}
            onClick={goBack}
            aria-disabled={before.length === 0 || undefined}
          >
            Previous page
          </button>
          <span className={styles.muted}>Page {before.length + 1}</span>
          <button
            type="button"
            className={styles.quiet}
            onClick={goOn}
            aria-disabled={next === null || undefined}
          >
            Next page
          </button>
        </div>
      )}
    </>
  );
}
