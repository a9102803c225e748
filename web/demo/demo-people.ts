/** What a window signs in with. */
export type Credential = { token: string } | { sessionToken: string };

export type DemoPerson = { id: string; name: string } & Credential;

/**
 * Whom the launcher offers to sign in as, on its own machine (CONTRACT 1).
 * @throws {Error} the gateway does not answer
 */
export async function readDemoPeople(signal: AbortSignal | null = null): Promise<readonly DemoPerson[]> {
  const answer = await fetch("/demo-people.json", { signal });
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const { people }: { people: DemoPerson[] } = await answer.json();
  return people;
}
