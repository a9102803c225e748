import { DELIVERY_MS } from "../bounds.ts";
import type { Finding } from "../finding.ts";
import type { Connection } from "../history.ts";
import { intersect, subtract } from "../intervals.ts";
import { showingsOf } from "../views.ts";
import { reachableTimesOf, type World } from "../world.ts";

/**
 * Lost: a viewer who can receive shows a user offline who must be online by now (an event or a status was lost).
 * Ghost: a viewer shows a user online who must be offline by now, or receives that status then. Wherever the truth
 * is not settled nothing is judged; an offline that comes too early is {@link judgeFalseOfflines}'s.
 */
export function judgeDelivery(world: World): Finding[] {
  return world.history.connections.flatMap((viewer) => judgeViewer(viewer, world));
}

function judgeViewer(viewer: Connection, world: World): Finding[] {
  const { until, companions, truths } = world;
  const others = companions.get(viewer.userId);
  const reachable = reachableTimesOf(viewer, world);
  if (!others || reachable.length === 0) return [];
  const findings: Finding[] = [];
  const who = `${viewer.userId} (socket ${viewer.id}, gateway ${viewer.gateway})`;
  for (const [userId, { online, shownOfflineAt }] of showingsOf(viewer, others, until)) {
    const truth = truths.get(userId);
    if (!truth) continue;
    for (const { from, to } of intersect(intersect(online, reachable), truth.offline)) {
      const text = `${who} showed ${userId} online for ${Math.round(to - from)} ms after they were gone`;
      findings.push({ column: "ghosts", at: from, about: userId, text });
    }
    for (const { from, to } of intersect(subtract(reachable, online), truth.online)) {
      // A wrong status that is corrected in time is no loss.
      if (shownOfflineAt.includes(from) && to - from < DELIVERY_MS) continue;
      const text = `${who} showed ${userId} offline for ${Math.round(to - from)} ms although they were there`;
      findings.push({ column: "lost", at: from, about: userId, text });
    }
  }
  return findings;
}
