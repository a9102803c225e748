import { isStorable } from "../ids.ts";
import type { PresenceWrite } from "../ports/presence-rows.ts";
import { AHEAD_MAX_MS, EPOCH_LEAD_MAX, type PresenceRow } from "../presence-row.ts";
import { compareVersions } from "../status.ts";
import { batches } from "./batches.ts";
import type { Database } from "./client.ts";
import { Prisma } from "./generated/client.ts";

/** `PresenceRows.write`, in statements of up to 500 rows (ARCHITECTURE "Database"). */
export async function writePresence(db: Database, rows: readonly PresenceRow[]): Promise<PresenceWrite> {
  const ordered = newestOfEach(rows);
  const writes: PresenceWrite[] = [];
  for (const batch of batches(ordered.filter((row) => !row.isAnonymous)))
    writes.push(...(await writeUsers(db, batch)));
  for (const batch of batches(ordered.filter((row) => row.isAnonymous)))
    writes.push(...(await writeGuests(db, batch)));
  return {
    written: writes.reduce((sum, { written }) => sum + written, 0),
    refused: writes.reduce((sum, { refused }) => sum + refused, 0),
    newest: writes
      .flatMap(({ newest }) => newest ?? [])
      .reduce<PresenceWrite["newest"]>((a, b) => (a !== null && compareVersions(a, b) >= 0 ? a : b), null),
  };
}

function newestOfEach(rows: readonly PresenceRow[]): PresenceRow[] {
  const newest = new Map<string, PresenceRow>();
  for (const row of rows) {
    const known = newest.get(row.userId);
    if (known === undefined || compareVersions(row, known) >= 0) newest.set(row.userId, row);
  }
  return [...newest.values()].filter((row) => isStorable(row.userId));
}

// `held` locks the rows in the order of their ids before any is written. The order of `unnest` does not: the
// planner joins a small batch from its side and a large one from the table's, and two such statements deadlock.
// It also gives what stood there before, so that what is refused costs no statement of its own.

const OUTCOME = Prisma.sql`
    SELECT (SELECT count(*) FROM written)::int AS "written", count(held."id")::int AS "refused",
      CASE WHEN count(held."id") > 0 THEN json_build_object(
        'epoch', (max(ARRAY[held."epoch"::bigint, held."version"]))[1],
        'version', (max(ARRAY[held."epoch"::bigint, held."version"]))[2]) END AS "newest"
    FROM held JOIN new USING ("id")
    WHERE new."version" > 0 AND held."epoch" <= new."epoch" + ${EPOCH_LEAD_MAX}::bigint
      AND (held."epoch", held."version") > (new."epoch", new."version")`;

/** The later of a stored date and a given one, but for a stored one that a wrong clock has put ahead ({@link AHEAD_MAX_MS}). */
function laterOf(column: "lastSeen" | "lastSeenAt" | "lastActiveAt", given: "lastSeen" | "lastActiveAt") {
  const [before, now] = [`stored."${column}"`, `to_timestamp(new."${given}" / 1000)`];
  const bound = `now() + interval '${AHEAD_MAX_MS} milliseconds'`;
  return Prisma.raw(
    `CASE WHEN ${before} > ${bound} AND ${now} <= ${bound} THEN ${now} ELSE GREATEST(${before}, ${now}) END`,
  );
}

function writeUsers(db: Database, rows: readonly PresenceRow[]): Promise<PresenceWrite[]> {
  const ids = rows.map((row) => row.userId);
  return db.$queryRaw<PresenceWrite[]>`
    WITH held AS MATERIALIZED (
      SELECT "id", "presenceEpoch" AS "epoch", "presenceVersion" AS "version"
      FROM "User" WHERE "id" = ANY(${ids}::text[]) ORDER BY "id" FOR NO KEY UPDATE
    ), new AS MATERIALIZED (
      SELECT * FROM unnest(
          ${ids}::text[],
          ${rows.map((row) => row.isOnline)}::boolean[],
          ${rows.map((row) => row.lastSeen)}::float8[],
          ${rows.map((row) => row.lastActiveAt)}::float8[],
          ${rows.map((row) => row.availability)}::text[],
          ${rows.map((row) => row.statusText?.replaceAll("\0", "") ?? null)}::text[],
          ${rows.map((row) => row.availabilityExpiresAt)}::float8[],
          ${rows.map((row) => row.epoch)}::int[],
          ${rows.map((row) => row.version)}::bigint[]
      ) AS new("id", "isOnline", "lastSeen", "lastActiveAt", "availability", "statusText", "availabilityExpiresAt", "epoch", "version")
    ), written AS (
      UPDATE "User" AS stored SET
        "isOnline" = CASE WHEN new."version" = 0 THEN stored."isOnline" ELSE new."isOnline" END,
        "lastSeen" = ${laterOf("lastSeen", "lastSeen")},
        "lastActiveAt" = ${laterOf("lastActiveAt", "lastActiveAt")},
        "availability" = COALESCE(new."availability"::"Availability", stored."availability"),
        "statusText" = CASE WHEN new."availability" IS NULL THEN stored."statusText" ELSE new."statusText" END,
        "availabilityExpiresAt" = CASE WHEN new."availability" IS NULL THEN stored."availabilityExpiresAt"
          ELSE to_timestamp(new."availabilityExpiresAt" / 1000) END,
        "presenceEpoch" = CASE WHEN new."version" = 0 THEN stored."presenceEpoch" ELSE new."epoch" END,
        "presenceVersion" = CASE WHEN new."version" = 0 THEN stored."presenceVersion" ELSE new."version" END,
        "updatedAt" = now()
      FROM held JOIN new USING ("id")
      WHERE stored."id" = new."id" AND (
        new."version" = 0 OR stored."presenceEpoch" > new."epoch" + ${EPOCH_LEAD_MAX}::bigint
        OR (stored."presenceEpoch", stored."presenceVersion") <= (new."epoch", new."version"))
      RETURNING 1
    )
    ${OUTCOME}`;
}

function writeGuests(db: Database, rows: readonly PresenceRow[]): Promise<PresenceWrite[]> {
  const ids = rows.map((row) => row.userId);
  return db.$queryRaw<PresenceWrite[]>`
    WITH held AS MATERIALIZED (
      SELECT "id", "presenceEpoch" AS "epoch", "presenceVersion" AS "version"
      FROM "AnonymousParticipant" WHERE "id" = ANY(${ids}::text[]) ORDER BY "id" FOR NO KEY UPDATE
    ), new AS MATERIALIZED (
      SELECT * FROM unnest(
          ${ids}::text[],
          ${rows.map((row) => row.isOnline)}::boolean[],
          ${rows.map((row) => row.lastSeen)}::float8[],
          ${rows.map((row) => row.lastActiveAt)}::float8[],
          ${rows.map((row) => row.epoch)}::int[],
          ${rows.map((row) => row.version)}::bigint[]
      ) AS new("id", "isOnline", "lastSeen", "lastActiveAt", "epoch", "version")
    ), written AS (
      UPDATE "AnonymousParticipant" AS stored SET
        "isOnline" = CASE WHEN new."version" = 0 THEN stored."isOnline" ELSE new."isOnline" END,
        "lastSeenAt" = ${laterOf("lastSeenAt", "lastSeen")},
        "lastActiveAt" = ${laterOf("lastActiveAt", "lastActiveAt")},
        "presenceEpoch" = CASE WHEN new."version" = 0 THEN stored."presenceEpoch" ELSE new."epoch" END,
        "presenceVersion" = CASE WHEN new."version" = 0 THEN stored."presenceVersion" ELSE new."version" END
      FROM held JOIN new USING ("id")
      WHERE stored."id" = new."id" AND (
        new."version" = 0 OR stored."presenceEpoch" > new."epoch" + ${EPOCH_LEAD_MAX}::bigint
        OR (stored."presenceEpoch", stored."presenceVersion") <= (new."epoch", new."version"))
      RETURNING 1
    )
    ${OUTCOME}`;
}
