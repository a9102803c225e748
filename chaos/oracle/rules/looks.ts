import type { Finding } from "../finding.ts";
import type { Connection } from "../history.ts";
import { intersect, subtract } from "../intervals.ts";
import { isSameLook } from "../looks.ts";
import { looksShownBy } from "../views.ts";
import { reachableTimesOf, type World } from "../world.ts";

/**
 * Lost: a viewer who can receive shows a user online with an availability or a text that is not, or no longer, the
 * strongest of what was chosen. Ghost: it shows someone offline with what was never chosen to be shown, such as the text
 * of an invisible choice. Who goes, or hides, keeps what they are shown with.
 */
export function judgeLooks(world: World): Finding[] {
  return world.history.connections.flatMap((viewer) => judgeViewer(viewer, world));
}

function judgeViewer(viewer: Connection, world: World): Finding[] {
  const reachable = reachableTimesOf(viewer, world);
  if (reachable.length === 0) return [];
  const who = `${viewer.userId} (socket ${viewer.id}, gateway ${viewer.gateway})`;
  const findings: Finding[] = [];
  for (const shown of looksShownBy(viewer, world.until)) {
    const { userId, isOnline, availability, statusText } = shown;
    const truth = world.truths.get(userId);
    if (!truth || !world.companions.get(viewer.userId)?.has(userId)) continue;
    // Whom no one may see online at all is a ghost by that alone.
    const allowed = isOnline
      ? truth.looks.allowed(shown)
      : [{ from: truth.looks.chosenAt(shown), to: world.until }];
    const judged = isOnline ? intersect(reachable, truth.looks.perhapsVisible) : reachable;
    for (const { from, to } of subtract(intersect([shown], judged), allowed)) {
      const should = truth.looks.pieces.find((piece) => piece.from <= from && from < piece.to)?.choices ?? [];
      const asWhat = should
        .filter((one) => !isSameLook(one, shown))
        .map(textOf)
        .join(" or ");
      const text = `${who} showed ${userId}, ${isOnline ? "online" : "offline"}, as ${textOf({ availability, statusText })} for ${Math.round(to - from)} ms${isOnline ? `, who is ${asWhat}` : ", which was never chosen"}`;
      findings.push({ column: isOnline ? "lost" : "ghosts", at: from, about: userId, text });
    }
  }
  return findings;
}

const textOf = ({ availability, statusText }: { availability: string; statusText: string | null }): string =>
  statusText === null ? availability : `${availability} "${statusText}"`;
