import { isStorable } from "../ids.ts";
import { rowsToRead, toPeoplePage } from "../people-page.ts";
import type { ListedPerson, PeoplePage, PeopleQuery } from "../ports/people-list.ts";
import { STATUS_TEXT_MAX } from "../status.ts";
import type { Database } from "./client.ts";
import { storedDate } from "./stored-date.ts";

type PersonRow = Omit<ListedPerson, "lastActiveAt" | "availabilityExpiresAt"> & {
  lastActiveAt: Date | null;
  availabilityExpiresAt: Date | null;
};

/** `PeopleList.page`, in one statement. */
export async function listPeople(db: Database, query: PeopleQuery): Promise<PeoplePage> {
  if (!isStorable(query.after)) return { people: [], next: null };
  const rows = await db.$queryRawUnsafe<PersonRow[]>(peopleSql(query), query.after);
  return toPeoplePage(rows.map(toListed), query);
}

/**
 * The statement of {@link listPeople}; `$1`: the id behind which the page begins. The number of rows is a literal, so
 * that the plan is made for few of them.
 */
export function peopleSql(query: PeopleQuery): string {
  const rows = rowsToRead(query);
  const isPresentOnly = query.among === "present";
  // As the partial indexes say it.
  const users = isPresentOnly ? `("isOnline" OR "availability" = 'invisible') AND` : "";
  const guests = isPresentOnly ? `"isOnline" AND` : "";
  return `
    (SELECT "id" AS "userId", "username", "displayName", false AS "isAnonymous", "isActive", "showOnlineStatus",
        "isOnline", "lastActiveAt", "availability"::text, "statusText", "availabilityExpiresAt"
      FROM "User" WHERE ${users} "id" > $1 ORDER BY "id" LIMIT ${rows})
    UNION ALL
    (SELECT "id", "username", NULL, true, "isActive", true,
        "isOnline", "lastActiveAt", 'available', NULL, NULL::timestamptz
      FROM "AnonymousParticipant" WHERE ${guests} "id" > $1 ORDER BY "id" LIMIT ${rows})
    ORDER BY "userId" LIMIT ${rows}`;
}

const toListed = (row: PersonRow): ListedPerson => ({
  ...row,
  statusText: row.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
  lastActiveAt: storedDate(row.lastActiveAt),
  availabilityExpiresAt: storedDate(row.availabilityExpiresAt),
});
