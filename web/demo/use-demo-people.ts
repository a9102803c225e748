"use client";

import { useEffect, useState } from "react";
import { type DemoPerson, readDemoPeople } from "./demo-people.ts";

/** Whom the launcher offers to sign in as; undefined until that is known. */
export function useDemoPeople(): readonly DemoPerson[] | undefined {
  const [people, setPeople] = useState<readonly DemoPerson[]>();
  useEffect(() => {
    const abort = new AbortController();
    readDemoPeople(abort.signal).then(setPeople, () => {
      if (!abort.signal.aborted) setPeople([]);
    });
    return () => abort.abort();
  }, []);
  return people;
}
