import type { Finding } from "../finding.ts";
import type { Connection } from "../history.ts";
import { covers } from "../intervals.ts";
import { showingsOf } from "../views.ts";
import { earliestOrigin, pausesOf } from "../windows.ts";
import type { World } from "../world.ts";

/**
 * A viewer was shown a user offline, by a status or by a snapshot without them, who was connected for the whole
 * time from which the change can stem: with a live connection, or back within the time that the guarantees give.
 * A change may be as old as the delivery takes, and older where something held it up.
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
  for (const [userId, { shownOfflineAt }] of showingsOf(viewer, others, until)) {
    const present = truths.get(userId)?.present ?? [];
    for (const at of shownOfflineAt) {
      if (!covers(present, earliestOrigin(at, heldUp), at)) continue;
      const text = `${viewer.userId} (socket ${viewer.id}, gateway ${viewer.gateway}) was shown ${userId} offline, who was connected`;
      findings.push({ column: "false offlines", at, about: userId, text });
    }
  }
  return findings;
}
