import type { PresenceRow } from "../presence-row.ts";
import { compareVersions } from "../status.ts";
import { batches } from "./batches.ts";
import type { Database } from "./client.ts";
import { isStorable } from "./ids.ts";

/**
 * Writes presences into the rows of the people they are of, in statements of up to 500 (DESIGN "Database").
 * A stored row with a greater `(epoch, version)` stays; one with an equal pair is written again, which repairs it.
 * Version 0 is someone who was never shown: their public columns stay as stored, whatever the stored version is.
 * `lastSeen` and `lastActiveAt` never go back. People without a row are passed over. Of several presences of one
 * person the one with the greatest version counts, the later of equals. Repeats do no harm, and calls may overlap.
 *
 * @returns how many rows were written
 */
export async function writePresence(db: Database, rows: readonly PresenceRow[]): Promise<number> {
  const newest = newestOfEach(rows);
  let written = 0;
  for (const batch of batches(newest.filter((row) => !row.isAnonymous)))
    written += await writeUsers(db, batch);
  for (const batch of batches(newest.filter((row) => row.isAnonymous)))
    written += await writeGuests(db, batch);
  return written;
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

function writeUsers(db: Database, rows: readonly PresenceRow[]): Promise<number> {
  const ids = rows.map((row) => row.userId);
  return db.$executeRaw`
    WITH held AS MATERIALIZED (
      SELECT "id" FROM "User" WHERE "id" = ANY(${ids}::text[]) ORDER BY "id" FOR NO KEY UPDATE
    )
    UPDATE "User" AS stored SET
      "isOnline" = CASE WHEN new."version" = 0 THEN stored."isOnline" ELSE new."isOnline" END,
      "lastSeen" = GREATEST(stored."lastSeen", to_timestamp(new."lastSeen" / 1000)),
      "lastActiveAt" = GREATEST(stored."lastActiveAt", to_timestamp(new."lastActiveAt" / 1000)),
      "availability" = COALESCE(new."availability"::"Availability", stored."availability"),
      "statusText" = CASE WHEN new."availability" IS NULL THEN stored."statusText" ELSE new."statusText" END,
      "availabilityExpiresAt" = CASE WHEN new."availability" IS NULL THEN stored."availabilityExpiresAt"
        ELSE to_timestamp(new."availabilityExpiresAt" / 1000) END,
      "presenceEpoch" = GREATEST(stored."presenceEpoch", new."epoch"),
      "presenceVersion" = CASE WHEN new."version" = 0 THEN stored."presenceVersion" ELSE new."version" END,
      "updatedAt" = now()
    FROM held JOIN unnest(
      ${ids}::text[],
      ${rows.map((row) => row.isOnline)}::boolean[],
      ${rows.map((row) => row.lastSeen)}::float8[],
      ${rows.map((row) => row.lastActiveAt)}::float8[],
      ${rows.map((row) => row.availability)}::text[],
      ${rows.map((row) => row.statusText?.replaceAll("\0", "") ?? null)}::text[],
      ${rows.map((row) => row.availabilityExpiresAt)}::float8[],
      ${rows.map((row) => row.epoch)}::int[],
      ${rows.map((row) => row.version)}::bigint[]
    ) AS new("id", "isOnline", "lastSeen", "lastActiveAt", "availability", "statusText", "availabilityExpiresAt",
             "epoch", "version") USING ("id")
    WHERE stored."id" = new."id"
      AND (new."version" = 0 OR (stored."presenceEpoch", stored."presenceVersion") <= (new."epoch", new."version"))`;
}

function writeGuests(db: Database, rows: readonly PresenceRow[]): Promise<number> {
  const ids = rows.map((row) => row.userId);
  return db.$executeRaw`
    WITH held AS MATERIALIZED (
      SELECT "id" FROM "AnonymousParticipant" WHERE "id" = ANY(${ids}::text[]) ORDER BY "id" FOR NO KEY UPDATE
    )
    UPDATE "AnonymousParticipant" AS stored SET
      "isOnline" = CASE WHEN new."version" = 0 THEN stored."isOnline" ELSE new."isOnline" END,
      "lastSeenAt" = GREATEST(stored."lastSeenAt", to_timestamp(new."lastSeen" / 1000)),
      "lastActiveAt" = GREATEST(stored."lastActiveAt", to_timestamp(new."lastActiveAt" / 1000)),
      "presenceEpoch" = GREATEST(stored."presenceEpoch", new."epoch"),
      "presenceVersion" = CASE WHEN new."version" = 0 THEN stored."presenceVersion" ELSE new."version" END
    FROM held JOIN unnest(
      ${ids}::text[],
      ${rows.map((row) => row.isOnline)}::boolean[],
      ${rows.map((row) => row.lastSeen)}::float8[],
      ${rows.map((row) => row.lastActiveAt)}::float8[],
      ${rows.map((row) => row.epoch)}::int[],
      ${rows.map((row) => row.version)}::bigint[]
    ) AS new("id", "isOnline", "lastSeen", "lastActiveAt", "epoch", "version") USING ("id")
    WHERE stored."id" = new."id"
      AND (new."version" = 0 OR (stored."presenceEpoch", stored."presenceVersion") <= (new."epoch", new."version"))`;
}
