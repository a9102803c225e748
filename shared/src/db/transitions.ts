import { isStorable } from "../ids.ts";
import { FOLLOWING_MAX, type HistoryPlace, type TransitionRow } from "../ports/transition-history.ts";
import { type Cause, compareVersions } from "../status.ts";
import { batches, byCodeUnits } from "./batches.ts";
import type { Database } from "./client.ts";

/** `TransitionHistory.write`, in statements of up to 500 rows. */
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

/** `TransitionHistory.recent`. */
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
  return lines.map(toRow);
}

interface StoredLine extends Omit<TransitionRow, "version" | "at" | "cause"> {
  version: bigint;
  at: Date;
  cause: string;
}

const toRow = (line: StoredLine): TransitionRow => ({
  ...line,
  version: Number(line.version),
  at: line.at.getTime(),
  cause: line.cause as Cause,
});

/** `TransitionHistory.newestAt`. */
export async function newestTransitionAt(db: Database): Promise<number | null> {
  const newest = await db.presenceTransition.findFirst({ select: { at: true }, orderBy: { at: "desc" } });
  return newest?.at.getTime() ?? null;
}

/** `TransitionHistory.following`. */
export function followingTransitions(db: Database, place: HistoryPlace): Promise<TransitionRow[]> {
  const { at, userId, epoch, version } = place;
  return db
    .$queryRawUnsafe<StoredLine[]>(FOLLOWING_SQL, new Date(at), userId, epoch, BigInt(version))
    .then((lines) => lines.map(toRow));
}

/** The number of lines is a literal, so that the plan is made for few of them. */
export const FOLLOWING_SQL = `
  SELECT "userId", "epoch", "version", "at", "from", "to", "cause", "connectionId", "traceId"
  FROM "PresenceTransition"
  WHERE ("at", "userId", "epoch", "version") > ($1::timestamptz, $2::text, $3::int, $4::bigint)
  ORDER BY "at", "userId", "epoch", "version" LIMIT ${FOLLOWING_MAX}`;

/** `TransitionHistory.erase`. */
export async function deleteTransitions(db: Database, userId: string): Promise<void> {
  if (isStorable(userId)) await db.presenceTransition.deleteMany({ where: { userId } });
}

const PRUNE_ROWS = 5_000;

/** `TransitionHistory.prune`, in small statements. */
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
