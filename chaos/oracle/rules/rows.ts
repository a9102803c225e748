import { DATABASE_CATCHES_UP_MS, DATABASE_FOLLOWS_MS } from "../bounds.ts";
import type { Finding } from "../finding.ts";
import { covers } from "../intervals.ts";
import type { World } from "../world.ts";

/**
 * Lost: a row says the opposite of what everyone has had to be shown for two seconds. The database follows the
 * status in that time while it is up (CONTRACT 6); after an outage it has longer to catch up (CONTRACT 9).
 */
export function judgeRows({ history, truths, faults }: World): Finding[] {
  const outages = faults.filter(({ component }) => component === "database");
  const findings: Finding[] = [];
  for (const { at, rows } of history.reads) {
    if (outages.some(({ injectedAt, endedAt }) => injectedAt <= at && at <= endedAt + DATABASE_CATCHES_UP_MS))
      continue;
    for (const { userId, isOnline } of rows) {
      const truth = truths.get(userId);
      const since = at - DATABASE_FOLLOWS_MS;
      if (!truth || !covers(isOnline ? truth.offline : truth.online, since, at)) continue;
      const text = `the row of ${userId} has said ${isOnline ? "online" : "offline"} for too long`;
      findings.push({ column: "lost", at, about: userId, text });
    }
  }
  return findings;
}
