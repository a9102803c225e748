/** Anonymous people are recognised by their ids (CONTRACT 3). */
export const isAnonymousId = (id: string): boolean => id.startsWith("anon_");

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
