/** A short name and a colour for each worker: partitions are recognised by both. */
export interface OwnerName {
  /** A, B, … Z, AA, … */
  letter: string;
  /** number of a colour */
  tone: number;
}

const TONES = 8;

/** Workers that were named before keep their names; those that are gone give theirs back. */
export function nameOwners(
  known: ReadonlyMap<string, OwnerName>,
  ids: Iterable<string>,
): ReadonlyMap<string, OwnerName> {
  const present = [...new Set(ids)].sort();
  const kept = present.flatMap((id) => {
    const name = known.get(id);
    return name ? [[id, name] as const] : [];
  });
  const taken = new Set(kept.map(([, { letter }]) => letter));
  const names = new Map(kept);
  let number = 0;
  for (const id of present) {
    if (names.has(id)) continue;
    while (taken.has(letterOf(number))) number++;
    taken.add(letterOf(number));
    names.set(id, { letter: letterOf(number), tone: number % TONES });
  }
  return names;
}

function letterOf(number: number): string {
  const last = String.fromCharCode(65 + (number % 26));
  return number < 26 ? last : letterOf(Math.floor(number / 26) - 1) + last;
}
