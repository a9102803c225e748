import type { Connection, History } from "./history.ts";
import { type Intervals, subtract, union } from "./intervals.ts";
import { type Circumstances, type Truth, truthOf } from "./truth.ts";
import { firstViewAt } from "./views.ts";
import { deathsOf, pausesOf, windowsOf } from "./windows.ts";

/** A history with what the rules ask of it again and again. */
export interface World extends Circumstances {
  history: History;
  /** when the run ended: nothing is judged after it */
  until: number;
  truths: ReadonlyMap<string, Truth>;
  /** everyone with whom a user shares a conversation */
  companions: ReadonlyMap<string, ReadonlySet<string>>;
}

export function worldOf(history: History, until: number): World {
  const { times, faults } = history;
  const circumstances = { times, faults, windows: windowsOf(history) };
  return {
    ...circumstances,
    history,
    until,
    truths: truthsOf(history, circumstances),
    companions: companionsOf(history.members),
  };
}

/** The truth of everyone who is a member of anything or has ever connected. */
export function truthsOf(
  { connections, members }: Pick<History, "connections" | "members">,
  circumstances: Circumstances,
): Map<string, Truth> {
  const byUser = new Map<string, Connection[]>();
  for (const userIds of members.values()) for (const userId of userIds) byUser.set(userId, []);
  for (const connection of connections) {
    const own = byUser.get(connection.userId);
    if (own) own.push(connection);
    else byUser.set(connection.userId, [connection]);
  }
  return new Map([...byUser].map(([userId, own]) => [userId, truthOf(own, circumstances)]));
}

export function companionsOf(members: History["members"]): Map<string, Set<string>> {
  const companions = new Map<string, Set<string>>();
  for (const userIds of members.values()) {
    for (const userId of userIds) {
      const own = companions.get(userId) ?? new Set();
      companions.set(userId, own);
      for (const other of userIds) if (other !== userId) own.add(other);
    }
  }
  return companions;
}

/** When a socket was alive from end to end and had its view. */
export function reachableTimesOf(connection: Connection, { until, faults }: World): Intervals {
  const { gateway, ended, openedAt } = connection;
  const from = firstViewAt(connection);
  if (from === null) return [];
  const death = deathsOf(connection, faults).find(({ injectedAt }) => injectedAt >= openedAt);
  const to = Math.min(ended?.at ?? until, death?.injectedAt ?? until, until);
  return subtract(union([{ from, to }]), union(pausesOf(gateway, faults)));
}
