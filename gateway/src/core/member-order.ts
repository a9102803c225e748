import { PresenceError } from "@meeshy/shared/codes";

/** The order in which a conversation's members are read, page by page: those who are online first, each part by id. Pure. */
export interface MemberCursor {
  part: "online" | "others";
  /** the last id of the page before; "": none */
  after: string;
}

export const FIRST_PAGE: MemberCursor = { part: "online", after: "" };

/** Callers treat it as opaque. */
export const encodeMemberCursor = ({ part, after }: MemberCursor): string =>
  Buffer.from(`${part} ${after}`).toString("base64url");

/** @throws {PresenceError} `bad_request`: it was not made by {@link encodeMemberCursor} */
export function decodeMemberCursor(cursor: string): MemberCursor {
  const [, part, after] =
    /^(online|others) ([^\0]*)$/s.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if ((part !== "online" && part !== "others") || after === undefined)
    throw new PresenceError("bad_request", "This cursor is not one of ours.");
  return { part, after };
}

/** The `limit` first of the wanted ids behind `after`, in their order: in one pass, however many there are. */
export function firstAfter(
  ids: Iterable<string>,
  { after, limit }: { after: string; limit: number },
  isWanted: (id: string) => boolean,
): string[] {
  let first: string[] = [];
  let last: string | undefined;
  const keep = () => {
    first = first.sort(byCodeUnits).slice(0, limit);
    last = first.length === limit ? first.at(-1) : undefined;
  };
  for (const id of ids) {
    if (id <= after || (last !== undefined && id > last) || !isWanted(id)) continue;
    first.push(id);
    if (first.length >= 2 * limit) keep();
  }
  keep();
  return first;
}

/** The index of the first id behind `after` in ids that are in order. */
export function indexAfter(ordered: readonly string[], after: string): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ordered[middle] ?? "") <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The `limit` first of the wanted ids behind `after`, of ids that are in order. */
export function nextOf(
  ordered: readonly string[],
  { after, limit }: { after: string; limit: number },
  isWanted: (id: string) => boolean,
): string[] {
  const found: string[] = [];
  for (let at = indexAfter(ordered, after); at < ordered.length && found.length < limit; at++) {
    const id = ordered[at];
    if (id !== undefined && isWanted(id)) found.push(id);
  }
  return found;
}

export const isAmong = (ordered: readonly string[], id: string): boolean =>
  ordered[indexAfter(ordered, id) - 1] === id;

/** The order of `<`, which that of the database need not be. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
