import type { Finding } from "../finding.ts";
import type { World } from "../world.ts";

/** A delivered status of a user who shares no conversation with the viewer. Oneself is no stranger. */
export function judgeStrangers({ history, companions }: Pick<World, "history" | "companions">): Finding[] {
  const findings: Finding[] = [];
  for (const { id, userId, received } of history.connections) {
    const others = companions.get(userId);
    for (const one of received) {
      if (one.kind === "message") continue;
      for (const status of one.kind === "status" ? [one] : one.users) {
        if (status.userId === userId || others?.has(status.userId)) continue;
        const text = `${userId} (socket ${id}) received a ${one.kind} with ${status.userId}, a stranger`;
        findings.push({ column: "strangers", at: one.at, about: status.userId, text });
      }
    }
  }
  return findings;
}
