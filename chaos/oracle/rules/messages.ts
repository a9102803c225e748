import { DELIVERY_MS } from "../bounds.ts";
import type { Finding } from "../finding.ts";
import { covers } from "../intervals.ts";
import { deadlineAfter, holdUpsOf, pausesOf } from "../windows.ts";
import { reachableTimesOf, type World } from "../world.ts";

/**
 * Lost: a message was acknowledged, and a member whose socket was alive from before it was sent until well
 * after has not received it. Faults may delay it by what they may delay a status.
 */
export function judgeMessages(world: World): Finding[] {
  const { history, windows, faults, times, until } = world;
  const heldUp = windows.filter(({ holdsUp }) => holdsUp === "everything");
  const viewers = Map.groupBy(history.connections, ({ userId }) => userId);
  const reachableTimes = new Map(history.connections.map((one) => [one.id, reachableTimesOf(one, world)]));
  const got = new Map(
    history.connections.map(({ id, received }) => [
      id,
      new Set(received.flatMap((one) => (one.kind === "message" ? [one.id] : []))),
    ]),
  );
  const findings: Finding[] = [];
  for (const message of history.messages) {
    for (const userId of history.members.get(message.conversationId) ?? []) {
      for (const viewer of viewers.get(userId) ?? []) {
        const reachable = reachableTimes.get(viewer.id) ?? [];
        if (!covers(reachable, message.sentAt, message.ackedAt)) continue;
        const pauses = [...pausesOf(viewer.gateway, faults), ...holdUpsOf(message.gateway, faults, times)];
        const windowsMet = [...heldUp, ...pauses].sort((a, b) => a.from - b.from);
        const due = deadlineAfter(message.ackedAt, DELIVERY_MS, windowsMet);
        if (due > until || !covers(reachable, message.sentAt, due)) continue;
        if (got.get(viewer.id)?.has(message.id)) continue;
        const text = `message ${message.id} was acknowledged, and ${userId} (socket ${viewer.id}, gateway ${viewer.gateway}) has not received it`;
        findings.push({ column: "lost", at: message.sentAt, about: null, text });
      }
    }
  }
  return findings;
}
