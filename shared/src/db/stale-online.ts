import type { Profile } from "../events.ts";
import { STATUS_TEXT_MAX } from "../status.ts";
import type { Database } from "./client.ts";
import { PERSON_CONVERSATIONS_MAX } from "./directory.ts";

/** Someone who is online in the database and has shown no activity there for too long, with what a `look` says of them. */
export interface StaleOnline {
  userId: string;
  profile: Profile;
}

type StaleRow = Omit<Profile, "availabilityExpiresAt" | "lastActiveAt" | "lastSeen"> & {
  userId: string;
  availabilityExpiresAt: Date | null;
  lastActiveAt: Date;
  lastSeen: Date;
};

/**
 * Registered and anonymous people whom the database holds online although they were last active more than
 * `thresholdMs` ago by its own clock: the longest silent first, at most `limit`.
 * Throws `RangeError` unless both are whole numbers, not negative.
 */
export async function staleOnline(
  db: Database,
  { thresholdMs, limit }: { thresholdMs: number; limit: number },
): Promise<StaleOnline[]> {
  const rows = await db.$queryRawUnsafe<StaleRow[]>(staleOnlineSql(thresholdMs, limit));
  return rows.map(({ userId, ...row }) => ({
    userId,
    profile: {
      ...row,
      statusText: row.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
      availabilityExpiresAt: row.availabilityExpiresAt?.getTime() ?? null,
      lastActiveAt: row.lastActiveAt.getTime(),
      lastSeen: row.lastSeen.getTime(),
    },
  }));
}

/** The statement of {@link staleOnline}. Literals only: a generic plan for parameters would pass over the partial indexes. */
export function staleOnlineSql(thresholdMs: number, limit: number): string {
  const stale = `"isOnline" AND "lastActiveAt" < now() - interval '${wholeNumber(thresholdMs)} milliseconds'
    ORDER BY "lastActiveAt" LIMIT ${wholeNumber(limit)}`;
  return `
    (SELECT "id" AS "userId", "username", false AS "isAnonymous",
        ARRAY(SELECT "conversationId" FROM "ConversationMember" AS member
          WHERE member."userId" = person."id" AND member."isActive"
          ORDER BY "conversationId" LIMIT ${PERSON_CONVERSATIONS_MAX}) AS "conversationIds",
        "availability"::text, "statusText", "availabilityExpiresAt", "lastActiveAt", "lastSeen"
      FROM "User" AS person WHERE ${stale})
    UNION ALL
    (SELECT "id", "username", true,
        CASE WHEN "isActive" THEN ARRAY["conversationId"] ELSE ARRAY[]::text[] END,
        'available', NULL, NULL, "lastActiveAt", "lastSeenAt"
      FROM "AnonymousParticipant" WHERE ${stale})
    ORDER BY "lastActiveAt" LIMIT ${wholeNumber(limit)}`;
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
  return String(value);
}
