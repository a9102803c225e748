import type { Finding } from "../finding.ts";
import type { Connection } from "../history.ts";
import { covers } from "../intervals.ts";
import { showingsOf } from "../views.ts";
import { earliestOrigin, pausesOf } from "../windows.ts";
import type { World } from "../world.ts";

/**
 * A viewer was told, by a status or by a snapshot that leaves them out, that somebody is offline who was there
 * all the time from which the news can stem: with a live connection, or back within the time that the
 * guarantees give. News may be as old as the delivery takes, and older where something held it up.
 */
export function judgeFalseOfflines(world: World): Finding[] {
  return world.history.connections.flatMap((viewer) => judgeViewer(viewer, world));
}

function judgeViewer(viewer: Connection, { until, companions, truths, windows, faults }: World): Finding[] {
  const others = companions.get(viewer.userId);
  if (!others) return [];
  const heldUp = [
    ...windows.filter(({ holdsUp }) => holdsUp === "everything"),
    ...pausesOf(viewer.gateway, faults),
  ].sort((a, b) => a.from - b.from);
  const findings: Finding[] = [];
  for (const [userId, { toldOffline }] of showingsOf(viewer, others, until)) {
    const present = truths.get(userId)?.present ?? [];
    for (const at of toldOffline) {
      if (!covers(present, earliestOrigin(at, heldUp), at)) continue;
      const text = `${viewer.userId} (socket ${viewer.id}, gateway ${viewer.gateway}) was told that ${userId} is offline, who was there`;
      findings.push({ column: "false offlines", at, about: userId, text });
    }
  }
  return findings;
}
