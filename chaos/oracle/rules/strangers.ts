import type { Finding } from "../finding.ts";
import type { World } from "../world.ts";

/** Anything told of somebody who shares no conversation with the viewer. Oneself is no stranger. */
export function judgeStrangers({ history, companions }: Pick<World, "history" | "companions">): Finding[] {
  const findings: Finding[] = [];
  for (const { id, userId, received } of history.connections) {
    const others = companions.get(userId);
    for (const one of received) {
      if (one.kind === "message") continue;
      for (const told of one.kind === "status" ? [one] : one.users) {
        if (told.userId === userId || others?.has(told.userId)) continue;
        const text = `${userId} (socket ${id}) was told of ${told.userId}, a stranger, by ${one.kind}`;
        findings.push({ column: "strangers", at: one.at, about: told.userId, text });
      }
    }
  }
  return findings;
}
