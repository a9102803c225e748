import { type Cause, compareVersions } from "../status.ts";
import { batches, byCodeUnits } from "./batches.ts";
import type { Database } from "./client.ts";
import { isStorable } from "./ids.ts";

/** One line of a person's history (CONTRACT 6): `(epoch, version)` is the log position of the event. `at` in ms since 1970. */
export interface TransitionRow {
  userId: string;
  epoch: number;
  version: number;
  at: number;
  from: string;
  to: string;
  cause: Cause;
  connectionId: string | null;
  traceId: string | null;
}

/** Adds lines of history; those that are there already stay as they are, so repeats do no harm. Returns how many were new. */
export async function writeTransitions(db: Database, rows: readonly TransitionRow[]): Promise<number> {
  // In the order of the key: overlapping statements then wait for one another and never deadlock.
  const ordered = rows
    .filter((row) => isStorable(row.userId))
    .sort((a, b) => byCodeUnits(a.userId, b.userId) || compareVersions(a, b));
  let written = 0;
  for (const batch of batches(ordered)) written += await insert(db, batch);
  return written;
}

function insert(db: Database, rows: readonly TransitionRow[]): Promise<number> {
  return db.$executeRaw`
    INSERT INTO "PresenceTransition"
      ("userId", "epoch", "version", "at", "from", "to", "cause", "connectionId", "traceId")
    SELECT "userId", "epoch", "version", to_timestamp("at" / 1000), "from", "to", "cause", "connectionId", "traceId"
    FROM unnest(
      ${rows.map((row) => row.userId)}::text[],
      ${rows.map((row) => row.epoch)}::int[],
      ${rows.map((row) => row.version)}::bigint[],
      ${rows.map((row) => row.at)}::float8[],
      ${rows.map((row) => row.from)}::text[],
      ${rows.map((row) => row.to)}::text[],
      ${rows.map((row) => row.cause)}::text[],
      ${rows.map((row) => row.connectionId)}::text[],
      ${rows.map((row) => row.traceId)}::text[]
    ) AS new("userId", "epoch", "version", "at", "from", "to", "cause", "connectionId", "traceId")
    ON CONFLICT DO NOTHING`;
}

/** A person's last `limit` lines of history, newest first. */
export async function recentTransitions(
  db: Database,
  userId: string,
  limit: number,
): Promise<TransitionRow[]> {
  if (!isStorable(userId)) return [];
  const lines = await db.presenceTransition.findMany({
    where: { userId },
    orderBy: [{ epoch: "desc" }, { version: "desc" }],
    take: limit,
  });
  return lines.map((line) => ({
    ...line,
    version: Number(line.version),
    at: line.at.getTime(),
    cause: line.cause as Cause,
  }));
}

/** Forgets the history of a person who was deleted. */
export async function deleteTransitions(db: Database, userId: string): Promise<void> {
  if (isStorable(userId)) await db.presenceTransition.deleteMany({ where: { userId } });
}

const PRUNE_ROWS = 5_000;

/** Forgets what is older than `days` (`HISTORY_DAYS`), by the database's clock, in small statements. Returns how many lines. */
export async function pruneTransitions(db: Database, days: number): Promise<number> {
  let pruned = 0;
  for (;;) {
    const count = await db.$executeRaw`
      DELETE FROM "PresenceTransition" WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM "PresenceTransition" WHERE "at" < now() - make_interval(days => ${days}::int)
        LIMIT ${PRUNE_ROWS}))`;
    pruned += count;
    if (count < PRUNE_ROWS) return pruned;
  }
}
