import { DELIVERY_MS } from "../bounds.ts";
import type { Finding } from "../finding.ts";
import type { Connection } from "../history.ts";
import { intersect, subtract } from "../intervals.ts";
import { showingsOf } from "../views.ts";
import { hearingOf, type World } from "../world.ts";

/**
 * Lost: a viewer who can hear shows somebody offline who must be online by now (an event or a status was lost).
 * Ghost: a viewer shows somebody online who must be offline by now, or is told so then. Wherever the truth is
 * not settled nothing is judged; being told too early is {@link judgeFalseOfflines}'s.
 */
export function judgeDelivery(world: World): Finding[] {
  return world.history.connections.flatMap((viewer) => judgeViewer(viewer, world));
}

function judgeViewer(viewer: Connection, world: World): Finding[] {
  const { until, companions, truths } = world;
  const others = companions.get(viewer.userId);
  const hearing = hearingOf(viewer, world);
  if (!others || hearing.length === 0) return [];
  const findings: Finding[] = [];
  const who = `${viewer.userId} (socket ${viewer.id}, gateway ${viewer.gateway})`;
  for (const [userId, { online, toldOffline }] of showingsOf(viewer, others, until)) {
    const truth = truths.get(userId);
    if (!truth) continue;
    for (const { from, to } of intersect(intersect(online, hearing), truth.offline)) {
      const text = `${who} showed ${userId} online for ${Math.round(to - from)} ms after they were gone`;
      findings.push({ column: "ghosts", at: from, about: userId, text });
    }
    for (const { from, to } of intersect(subtract(hearing, online), truth.online)) {
      // Wrong news that is put right in time is no loss.
      if (toldOffline.includes(from) && to - from < DELIVERY_MS) continue;
      const text = `${who} showed ${userId} offline for ${Math.round(to - from)} ms although they were there`;
      findings.push({ column: "lost", at: from, about: userId, text });
    }
  }
  return findings;
}
