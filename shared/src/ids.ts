/** Anonymous people are recognised by their ids (CONTRACT 3). */
export const isAnonymousId = (id: string): boolean => id.startsWith("anon_");

/** Anonymous ids, which no token names in any release; no session of ours does name one of these. */
const CANARY_PREFIX = "anon_presence-canary_";

/** One of the two people of a gateway who are there to be measured alone (ADR 0027). */
export const canaryId = (gatewayId: string, which: number): string => `${CANARY_PREFIX}${gatewayId}_${which}`;

/** No person: nothing of them is stored in the database, counted or shown to anyone. */
export const isCanaryId = (id: string): boolean => id.startsWith(CANARY_PREFIX);

/** PostgreSQL has no NUL in text: such an id belongs to no person, and would fail the whole statement it is in. */
export const isStorable = (text: string): boolean => !text.includes("\0");

/** The ids that a table of registered people, and one of anonymous people, can hold. */
export function splitIds(ids: readonly string[]): { registered: string[]; anonymous: string[] } {
  const storable = ids.filter(isStorable);
  return {
    registered: storable.filter((id) => !isAnonymousId(id)),
    anonymous: storable.filter(isAnonymousId),
  };
}
