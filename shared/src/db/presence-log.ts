import { EPOCH_LEAD_MAX } from "../presence-row.ts";
import type { Database } from "./client.ts";

/** A place in the log. Orders by epoch, then sequence. */
export interface LogPosition {
  epoch: number;
  seq: number;
}

/**
 * Notes the highest sequence processed in each of these partitions. It never goes down: a lower sequence of the same
 * epoch, and any of an earlier epoch, change nothing, but that an epoch more than {@link EPOCH_LEAD_MAX} ahead is replaced.
 */
export async function recordHighestSequence(
  db: Database,
  positions: readonly (LogPosition & { partition: number })[],
): Promise<void> {
  if (positions.length === 0) return;
  await db.$executeRaw`
    INSERT INTO "PresenceLog" AS stored ("partition", "epoch", "seq")
    SELECT DISTINCT ON ("partition") "partition", "epoch", "seq"
    FROM unnest(
      ${positions.map(({ partition }) => partition)}::int[],
      ${positions.map(({ epoch }) => epoch)}::int[],
      ${positions.map(({ seq }) => seq)}::bigint[]
    ) AS new("partition", "epoch", "seq")
    ORDER BY "partition", "epoch" DESC, "seq" DESC
    ON CONFLICT ("partition") DO UPDATE SET "epoch" = excluded."epoch", "seq" = excluded."seq"
    WHERE stored."epoch" > excluded."epoch" + ${EPOCH_LEAD_MAX}::bigint
      OR (stored."epoch", stored."seq") < (excluded."epoch", excluded."seq")`;
}

/**
 * The furthest that any partition has come: a log whose last sequence is below it, in the same epoch, was lost or
 * shortened (DESIGN "Streams and buckets"). `undefined` before the first note.
 */
export async function highestSequence(db: Database): Promise<LogPosition | undefined> {
  const highest = await db.presenceLog.findFirst({ orderBy: [{ epoch: "desc" }, { seq: "desc" }] });
  return highest === null ? undefined : { epoch: highest.epoch, seq: Number(highest.seq) };
}
