import type { Connection, History, Order } from "./history.ts";
import { type Intervals, subtract, union } from "./intervals.ts";
import { type Deeds, type Truth, truthOf } from "./truth.ts";
import { firstViewAt } from "./views.ts";
import { type Circumstances, deathsOf, pausesOf, windowsOf } from "./windows.ts";

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
  const circumstances = { times, faults, excused: faults, windows: windowsOf(history) };
  return {
    ...circumstances,
    history,
    until,
    truths: truthsOf(history, circumstances),
    companions: companionsOf(history.members),
  };
}

/** What is done by and for people, and who they are. */
export type Course = Pick<History, "connections" | "sessions" | "choices" | "members">;

/**
 * The truth as it is once the product has made up for every fault, by the same rules: no fault excuses a delay, so that
 * recovery can be measured.
 */
export const unexcused = ({ times, faults }: Pick<History, "times" | "faults">): Circumstances => ({
  ...{ times, faults, excused: [], windows: [] },
});

/** Deeds of so long ago no longer count for anyone, nor do those that took their place. */
const FORGOTTEN_AFTER_MS = 180_000;

/** The truth, {@link unexcused}, again and again: a person's is derived anew only after something was done. */
export function createTruthsNow(history: History): (now: number) => Map<string, Truth> {
  const known = new Map<string, { state: string; truth: Truth }>();
  return (now) => {
    const circumstances = unexcused(history);
    const ofFaults = history.faults.map(({ endedAt }) => endedAt).join();
    return mapDeeds(recentOf(history, now), (deeds, userId) => {
      const state = `${stateOf(deeds)} ${ofFaults}`;
      const last = known.get(userId);
      const truth = last?.state === state ? last.truth : truthOf(deeds, circumstances);
      known.set(userId, { state, truth });
      return truth;
    });
  };
}

/** Equal for equal deeds of one person: they grow at their end, and are forgotten at their beginning, both at one moment too. */
function stateOf({ connections, sessions, choices }: Deeds): string {
  let count = 0;
  for (const { authenticatedAt, ended, activities } of connections) {
    count += activities.length + (authenticatedAt === null ? 0 : 1) + (ended === null ? 0 : 1);
  }
  const orders = [sessions, choices].map((own) => {
    const done = own.filter(({ doneAt }) => doneAt !== null).length;
    return `${own[0]?.sentAt} ${own.at(-1)?.sentAt} ${own.length} ${done}`;
  });
  return `${connections[0]?.id} ${connections.at(-1)?.id} ${connections.length} ${count} ${orders.join(" ")}`;
}

function recentOf(history: History, now: number): Course {
  const since = now - FORGOTTEN_AFTER_MS;
  const recent = <Value>(orders: readonly Order<Value>[]): Order<Value>[] => {
    const slots = Map.groupBy(orders, ({ userId, slot }) => `${userId} ${slot}`);
    const kept = [...slots.values()].flatMap((own) => {
      const first = own.findLastIndex(({ doneAt }) => doneAt !== null && doneAt < since);
      return own.slice(Math.max(0, first));
    });
    return kept.sort((a, b) => a.sentAt - b.sentAt);
  };
  return {
    members: history.members,
    connections: history.connections.filter(({ ended }) => ended === null || ended.at > since),
    sessions: recent(history.sessions),
    choices: recent(history.choices),
  };
}

/** The truth of everyone who is a member of anything or for whom anything was ever done. */
export function truthsOf(course: Course, circumstances: Circumstances): Map<string, Truth> {
  return mapDeeds(course, (deeds) => truthOf(deeds, circumstances));
}

function mapDeeds<Result>(
  { connections, sessions, choices, members }: Course,
  map: (deeds: Deeds, userId: string) => Result,
): Map<string, Result> {
  const idOf = ({ userId }: { userId: string }) => userId;
  const [connectionsOf, sessionsOf, choicesOf] = [
    Map.groupBy(connections, idOf),
    Map.groupBy(sessions, idOf),
    Map.groupBy(choices, idOf),
  ];
  const userIds = new Set([
    ...[...members.values()].flat(),
    ...[connectionsOf, sessionsOf, choicesOf].flatMap((deeds) => [...deeds.keys()]),
  ]);
  const deedsOf = (userId: string) => ({
    connections: connectionsOf.get(userId) ?? [],
    sessions: sessionsOf.get(userId) ?? [],
    choices: choicesOf.get(userId) ?? [],
  });
  return new Map([...userIds].map((userId) => [userId, map(deedsOf(userId), userId)]));
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
