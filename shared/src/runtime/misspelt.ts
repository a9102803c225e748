/** Names that are nearly one of those known: a variable that is set and does nothing. Pure. */

/** Shorter names resemble those of others by chance. */
const SHORTEST = 8;
const EDITS_MAX = 2;

/** Each of `names` that is none of `known` but at most two letters away from one, with the nearest. */
export function misspelt(
  names: readonly string[],
  known: readonly string[],
): { name: string; meant: string }[] {
  const candidates = known.filter(({ length }) => length >= SHORTEST);
  return names.flatMap((name) => {
    if (known.includes(name)) return [];
    const near = candidates
      .filter(({ length }) => Math.abs(length - name.length) <= EDITS_MAX)
      .map((meant) => ({ meant, edits: editsBetween(name.toUpperCase(), meant) }))
      .filter(({ edits }) => edits <= EDITS_MAX)
      .sort((a, b) => a.edits - b.edits);
    return near[0] ? [{ name, meant: near[0].meant }] : [];
  });
}

/** Levenshtein distance: letters to add, remove or replace. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
