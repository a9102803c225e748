import type { Transition } from "../oracle/database.ts";
import type { Connection, History } from "../oracle/history.ts";

const AROUND_MS = 8_000;

/** What one person did, and what was written down of them, around a moment: to look into a finding with. */
export function timelineOf(
  userId: string,
  at: number,
  { connections, sessions, choices, faults }: Omit<History, "times" | "members" | "messages">,
  transitions: readonly Transition[],
): string[] {
  const lines: { at: number; text: string }[] = [];
  const note = (when: number | null | undefined, text: string) => {
    if (when !== null && when !== undefined && Math.abs(when - at) < AROUND_MS)
      lines.push({ at: when, text });
  };
  for (const connection of connections.filter((one) => one.userId === userId))
    noteConnection(connection, note);
  for (const { userId: of, slot, value, lastsMs, sentAt, doneAt } of [...sessions, ...choices]) {
    if (of !== userId) continue;
    const lasts = lastsMs === null ? "" : ` for ${lastsMs / 1_000} s`;
    note(sentAt, `${slot}: ${JSON.stringify(value)}${lasts}`);
    note(doneAt, `${slot}: done`);
  }
  for (const { name, targets, injectedAt, endedAt } of faults) {
    note(injectedAt, `fault ${name} on ${targets.join(", ")}`);
    note(endedAt, `fault ${name} over`);
  }
  for (const { at: when, from, to, cause, version } of transitions.filter((one) => one.userId === userId)) {
    note(when, `log: ${from} to ${to}, ${cause}, version ${version}`);
  }
  return lines.sort((a, b) => a.at - b.at).map((line) => `${(line.at / 1_000).toFixed(3)} s  ${line.text}`);
}

function noteConnection(
  { id, gateway, openedAt, authenticatedAt, ended, activities }: Connection,
  note: (at: number | null | undefined, text: string) => void,
): void {
  note(openedAt, `socket ${id} opens to gateway ${gateway}`);
  note(authenticatedAt, `socket ${id} is authenticated`);
  for (const activity of activities) note(activity, `socket ${id} is active`);
  note(ended?.at, `socket ${id}: ${ended?.how}`);
}
