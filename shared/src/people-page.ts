import {
  type ListedPerson,
  PEOPLE_LOOKED_AT_MAX,
  PEOPLE_PAGE_MAX,
  type PeoplePage,
  type PeopleQuery,
} from "./ports/people-list.ts";

/** What every store does alike with the rows of a page of people. Pure. */

/** How many rows are to be read, in the order of their ids, one more than the page may hold. */
export function rowsToRead({ limit, among, text }: PeopleQuery): number {
  return text === "" && among !== "absent" ? sizeOf(limit) + 1 : PEOPLE_LOOKED_AT_MAX + 1;
}

/** The page that {@link rowsToRead} rows make. */
export function toPeoplePage(rows: readonly ListedPerson[], query: PeopleQuery): PeoplePage {
  const size = sizeOf(query.limit);
  const looked = rows.slice(0, rowsToRead(query) - 1);
  const isWanted = toWanted(query);
  const wanted = looked.filter(isWanted);
  const people = wanted.slice(0, size);
  const last = wanted.length > size ? people.at(-1) : rows.length > looked.length ? looked.at(-1) : undefined;
  return { people, next: last?.userId ?? null };
}

const sizeOf = (limit: number): number => Math.min(Math.max(1, Math.trunc(limit)), PEOPLE_PAGE_MAX);

function toWanted({ among, text }: PeopleQuery): (person: ListedPerson) => boolean {
  const part = toCaseless(text);
  return ({ isOnline, availability, username, displayName }) => {
    if (among === "absent" && isOnline) return false;
    if (among === "present" && !isOnline && availability !== "invisible") return false;
    return toCaseless(username).includes(part) || toCaseless(displayName ?? "").includes(part);
  };
}

const toCaseless = (text: string): string => text.normalize("NFC").toLowerCase();
