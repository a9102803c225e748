import type { LogPosition } from "../ports/log-progress.ts";
import { EPOCH_LEAD_MAX } from "../presence-row.ts";
import type { Database } from "./client.ts";

/** `LogProgress.record`. */
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

/** `LogProgress.highest`. */
export async function highestSequence(db: Database): Promise<LogPosition | undefined> {
  const highest = await db.presenceLog.findFirst({ orderBy: [{ epoch: "desc" }, { seq: "desc" }] });
  return highest === null ? undefined : { epoch: highest.epoch, seq: Number(highest.seq) };
}
