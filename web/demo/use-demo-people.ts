"use client";

import { useEffect, useState } from "react";
import type { Credential } from "./token.ts";

export type DemoPerson = { id: string; name: string } & Credential;

/** Whom the launcher offers to sign in as, on its own machine (CONTRACT 1); undefined until that is known. */
export function useDemoPeople(): readonly DemoPerson[] | undefined {
  const [people, setPeople] = useState<readonly DemoPerson[]>();
  useEffect(() => {
    const abort = new AbortController();
    readPeople(abort.signal).then(setPeople, () => {
      if (!abort.signal.aborted) setPeople([]);
    });
    return () => abort.abort();
  }, []);
  return people;
}

async function readPeople(signal: AbortSignal): Promise<readonly DemoPerson[]> {
  const answer = await fetch("/demo-people.json", { signal });
  if (!answer.ok) return [];
  const { people }: { people: DemoPerson[] } = await answer.json();
  return people;
}
