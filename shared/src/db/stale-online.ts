import { PERSON_CONVERSATIONS_MAX } from "../directory.ts";
import type { Profile } from "../events.ts";
import type { StaleBounds, StaleOnline, StalePage } from "../ports/presence-rows.ts";
import { LOOKED_AT_AHEAD_MS } from "../presence-row.ts";
import { STATUS_TEXT_MAX } from "../status.ts";
import type { Database } from "./client.ts";
import { storedDate } from "./stored-date.ts";

type StaleRow = Omit<Profile, "availabilityExpiresAt" | "lastActiveAt" | "lastSeen"> & {
  userId: string;
  availabilityExpiresAt: Date | null;
  lastActiveAt: Date | null;
  lastSeen: Date | null;
};

/**
 * `PresenceRows.stale`.
 * @throws {RangeError} as {@link staleOnlineSql}
 */
export async function staleOnline(db: Database, bounds: StaleBounds): Promise<StalePage> {
  const rows = await db.$queryRawUnsafe<StaleRow[]>(staleOnlineSql(bounds), bounds.after ?? "");
  const people = rows.slice(0, bounds.limit).map(toStaleOnline);
  return { people, next: rows.length > bounds.limit ? (people.at(-1)?.userId ?? null) : null };
}

const toStaleOnline = ({ userId, ...row }: StaleRow): StaleOnline => ({
  userId,
  profile: {
    ...row,
    statusText: row.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
    availabilityExpiresAt: storedDate(row.availabilityExpiresAt),
    lastActiveAt: storedDate(row.lastActiveAt),
    lastSeen: storedDate(row.lastSeen),
  },
});

/**
 * The statement of {@link staleOnline}, which reads one row more than the page holds; `$1`: the id behind which the page
 * begins. The bounds are literals: a generic plan for parameters would pass over the partial indexes.
 * @throws {RangeError} a number of the bounds is not a whole one, or is negative
 */
export function staleOnlineSql({ thresholdMs, limit, notWrittenIn }: StaleBounds): string {
  const most = `${wholeNumber(limit)} + 1`;
  const before = `"lastActiveAt" < now() - interval '${wholeNumber(thresholdMs)} milliseconds'`;
  // Who is online and was never active is a row that no service has written; each condition has its range of the index.
  const ahead = `"lastActiveAt" > now() + interval '${LOOKED_AT_AHEAD_MS} milliseconds'`;
  const others = notWrittenIn ? `AND ${notWrittenInSql(notWrittenIn)}` : "";
  const statements = [before, ahead, `"lastActiveAt" IS NULL`].flatMap((when) => {
    const stale = `"isOnline" AND ${when} ${others} AND "id" > $1 ORDER BY "id" LIMIT ${most}`;
    return [staleUsersSql(stale), staleGuestsSql(stale)];
  });
  return `${statements.join(" UNION ALL ")} ORDER BY "userId" LIMIT ${most}`;
}

/** A row of an epoch of this number may be of another log: versions of this one begin at `from`. */
const notWrittenInSql = ({ epoch, from }: NonNullable<StaleBounds["notWrittenIn"]>): string =>
  `NOT ("presenceEpoch" = ${wholeNumber(epoch)} AND "presenceVersion" >= ${wholeNumber(from)})`;

// The page is cut first: conversations are read of its people, and not of everyone who is stale.
const staleUsersSql = (stale: string): string => `
    (SELECT "id" AS "userId", "username", "displayName", false AS "isAnonymous",
        ARRAY(SELECT "conversationId" FROM "ConversationMember" AS member
          WHERE member."userId" = person."id" AND member."isActive"
          ORDER BY "conversationId" LIMIT ${PERSON_CONVERSATIONS_MAX}) AS "conversationIds",
        "availability"::text, "statusText", "availabilityExpiresAt", "lastActiveAt", "lastSeen"
      FROM (SELECT * FROM "User" WHERE ${stale}) AS person)`;

const staleGuestsSql = (stale: string): string => `
    (SELECT "id" AS "userId", "username", NULL AS "displayName", true AS "isAnonymous",
        CASE WHEN "isActive" THEN ARRAY["conversationId"] ELSE ARRAY[]::text[] END AS "conversationIds",
        'available' AS "availability", NULL AS "statusText", NULL::timestamptz AS "availabilityExpiresAt",
        "lastActiveAt", "lastSeenAt" AS "lastSeen"
      FROM "AnonymousParticipant" WHERE ${stale})`;

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
  return String(value);
}
