/** Ids known at once; beyond that all are forgotten, and those in use are kept twice. */
const KNOWN = 2_000;

const known = new Map<string, string>();

/** The same id, in one string for all: whatever is parsed makes a new one each time that it names a gateway or a room. */
export function shareId(id: string): string {
  const first = known.get(id);
  if (first !== undefined) return first;
  if (known.size >= KNOWN) known.clear();
  known.set(id, id);
  return id;
}
