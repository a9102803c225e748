import {
  activeFor,
  bringsBackFor,
  CROSSING_MS,
  DELIVERY_MS,
  gatewayKnownAfter,
  goneWithGateway,
  goneWithin,
  idleWithin,
  knownAfter,
  RETURN_MS,
  staysFor,
  UNSETTLED_MS,
} from "./bounds.ts";
import type { Choice, Connection, Ending, Fault, Order, Stay, Times } from "./history.ts";
import { complement, type Interval, type Intervals, intersect, subtract, union } from "./intervals.ts";
import { type Looks, looksOf } from "./looks.ts";
import { staysOf } from "./stays.ts";
import {
  type Circumstances,
  deadlineAfter,
  deathsOf,
  holdUpsOf,
  isOfOlderRelease,
  silencesOf,
  type Window,
} from "./windows.ts";

/** What may and what must be shown of one user. Where neither `online` nor `offline` holds, both are right. */
export interface Truth {
  /** everyone must be shown online: a live connection and a recent activity, and time to deliver it */
  online: Intervals;
  /** everyone must be shown offline: every connection, or the time for being idle, is over by its guarantee */
  offline: Intervals;
  /** nothing has happened for which the user may be declared offline */
  present: Intervals;
  /** what they may be shown as */
  looks: Looks;
}

/** What one person, or a service for them, did. */
export interface Deeds {
  connections: readonly Connection[];
  sessions: readonly Order<Stay>[];
  choices: readonly Order<Choice>[];
}

/** Derives the truth of one user from what was done by and for them, and from the faults that this met. */
export function truthOf({ connections, sessions, choices }: Deeds, world: Circumstances): Truth {
  const held = connections.filter(({ ended }) => ended?.how !== "refused");
  const stays = staysOf(sessions, world);
  const looks = looksOf(choices, world);
  const goodbyes = [...held.flatMap((one) => goodbyeOf(one, world)), ...stays.goodbyes];
  const all = held.map((one) => lifeOf(one, held, goodbyes, world));
  const activities = [...all.flatMap(({ activities }) => activities), ...stays.openings];
  const lives = all.map((life) => fromSignOfLife(life, activities, world));
  const active = union([
    ...activities.filter(({ isSure }) => isSure).map((activity) => sureActivityOf(activity, world)),
    ...stays.surelyKept,
  ]);
  const maybeActive = union([
    ...activities.map((activity) => maybeActivityOf(activity, world)),
    ...stays.perhapsKept,
  ]);
  const certain = (lasting: Intervals) => intersect(intersect(lasting, active), looks.surelyVisible);
  const there = union([...lives.flatMap(({ live }) => live), ...stays.live]);
  const live = certain(there);
  const maybe = intersect(union([...lives.map(({ maybe }) => maybe), ...stays.maybe]), maybeActive);
  const windows = holdingUpEverything(world);
  return {
    online: union(live.map(({ from, to }) => ({ from: deadlineAfter(from, DELIVERY_MS, windows), to }))),
    offline: complement(intersect(maybe, looks.perhapsVisible)),
    present: certain(union([...lives.flatMap(({ present }) => present), ...stays.live])),
    looks,
  };
}

/** What one connection says of its user. */
interface Life {
  /** when its client opened it by itself, or may be taken to have; null: it is a sign of life */
  byItselfAt: number | null;
  /** it is in the log for certain, and lives */
  live: Intervals;
  /** it is in the log for certain, and its user may not be declared offline */
  present: Intervals;
  /** it may show its user online */
  maybe: Interval;
  activities: Activity[];
}

export interface Activity {
  at: number;
  /** when it counts for certain from; it may have been known later than it was */
  from: number;
  /** it is in the log for certain */
  isSure: boolean;
  /** when it is in the log at the latest, if it is */
  writtenBy: number;
}

function lifeOf(
  connection: Connection,
  ofUser: readonly Connection[],
  goodbyes: readonly Interval[],
  world: Circumstances,
): Life {
  const { gateway, openedAt, authenticatedAt, ended, activities } = connection;
  const { times, faults, excused } = world;
  const deaths = deathsOf(connection, faults).filter(({ injectedAt }) => injectedAt >= openedAt);
  const diedAt = deaths[0]?.injectedAt ?? Number.POSITIVE_INFINITY;
  const answered = answeredUntil(connection, world);
  const until = Math.min(answered, diedAt);
  const graceAfter = (knownAt: number, how: Ending) => graceEnds(knownAt, how, goodbyes, times);
  // What ended with its gateway is known from the gateway's silence alone; of several processes, another may have died.
  const mayBeAnother = deaths[0]?.part === true && ended?.how !== "dropped";
  const stays = Math.min(
    ended && (ended.at < diedAt || mayBeAnother)
      ? graceAfter(answered + knownAfter(ended.how, times), ended.how)
      : Number.POSITIVE_INFINITY,
    graceAfter(diedAt + gatewayKnownAfter(times), "dropped"),
  );
  const silences = union(
    silencesOf(connection, excused, times).map(({ from, to }) => ({ from: graceAfter(from, "dropped"), to })),
  );
  const own = holdUpsOf(gateway, excused, times);
  const heldUp = [...holdingUpEverything(world), ...own].sort((a, b) => a.from - b.from);
  const activityAt = (at: number, isSure: boolean, from = at): Activity => ({
    ...{ at, from, isSure },
    writtenBy: deadlineAfter(at, 0, heldUp),
  });
  const fromLogUntil = (to: number) =>
    subtract(union(authenticatedAt === null ? [] : [{ from: authenticatedAt, to }]), silences);
  const isFresh = !connection.isResumed;
  const isSurelyFresh = isFresh && !isPerhapsReturn(connection, ofUser, world);
  const isPerhapsFresh = isFresh || isOfOlderRelease(connection, faults);
  return {
    byItselfAt: isSurelyFresh ? null : authenticatedAt,
    live: fromLogUntil(until),
    present: fromLogUntil(stays),
    maybe: { from: openedAt, to: goneBy(connection, deaths, world) },
    activities: [
      ...(isSurelyFresh
        ? [
            authenticatedAt === null
              ? activityAt(Number.isFinite(until) ? until : openedAt, false)
              : // It counts from when it was handed to the log, which was before the acknowledgement.
                activityAt(openedAt, true, authenticatedAt),
          ]
        : []),
      ...(isPerhapsFresh ? [openedAt, authenticatedAt ?? openedAt].map((at) => activityAt(at, false)) : []),
      ...activities.map((at) => activityAt(at, isSettled(at, until, own))),
    ],
  };
}

/**
 * A connection that its client has opened by itself shows its user online only if they were active a moment ago, or from
 * the next activity on.
 */
function fromSignOfLife(life: Life, activities: readonly Activity[], { times }: Circumstances): Life {
  const { byItselfAt } = life;
  if (byItselfAt === null) return life;
  const sure = activities.filter(({ isSure }) => isSure);
  const isBack = sure.some(
    ({ at, from }) => from <= byItselfAt && at + bringsBackFor(times) >= byItselfAt + DELIVERY_MS,
  );
  if (isBack) return life;
  const next = Math.min(...sure.map(({ from }) => from).filter((from) => from > byItselfAt));
  const before = [{ from: Number.NEGATIVE_INFINITY, to: next }];
  return { ...life, live: subtract(life.live, before), present: subtract(life.present, before) };
}

/**
 * Whether a connection may take the place of one that its gateway's end took away: the user had one there, and it ended
 * without a goodbye of its client that was written for certain.
 */
function isPerhapsReturn(
  { id, openedAt }: Connection,
  ofUser: readonly Connection[],
  { faults, times }: Circumstances,
): boolean {
  // The gateway may not have noticed yet that a socket was frozen.
  const noticedBy = ({ ended }: Connection) => {
    if (!ended) return Number.POSITIVE_INFINITY;
    return ended.at + (ended.how === "frozen" ? times.pingIntervalMs + times.pingTimeoutMs : 0);
  };
  const mayBeOwed = faults.filter(
    ({ component, injectedAt, endedAt }) =>
      component === "gateway" && injectedAt <= openedAt && openedAt <= endedAt + RETURN_MS + DELIVERY_MS,
  );
  return mayBeOwed.some(({ targets, injectedAt, endedAt }) =>
    ofUser.some(
      (former) =>
        former.id !== id &&
        targets.includes(former.gateway) &&
        former.openedAt <= Math.min(endedAt, openedAt) &&
        noticedBy(former) >= injectedAt - CROSSING_MS - UNSETTLED_MS,
    ),
  );
}

/**
 * When a connection that has ended was last there for certain. While the driver stood still for long its
 * sockets answered no ping: one that was dropped after that, or answered none any more, was lost since then. Such stalls come in rows, so
 * each counts from half the ping timeout on.
 */
function answeredUntil({ ended }: Connection, { times, windows }: Circumstances): number {
  if (!ended) return Number.POSITIVE_INFINITY;
  if (ended.how !== "dropped" && ended.how !== "frozen") return ended.at;
  const lastPing = ended.at - times.pingIntervalMs - times.pingTimeoutMs;
  const stalls = windows.filter(
    ({ cause, from, to }) =>
      cause === "driver" && to - from >= times.pingTimeoutMs / 2 && from <= ended.at && to >= lastPing,
  );
  return Math.min(ended.at, ...stalls.map(({ from }) => from));
}

/** When a goodbye over this connection may enter the log; what others lose meanwhile may come before it. */
function goodbyeOf({ ended, gateway }: Connection, { windows, excused, times }: Circumstances): Interval[] {
  if (ended?.how !== "left") return [];
  const ofLog = windows.filter(({ cause }) => cause === "nats" || cause === "driver");
  const heldUp = [...ofLog, ...holdUpsOf(gateway, excused, times)].sort((a, b) => a.from - b.from);
  return [{ from: ended.at, to: deadlineAfter(ended.at, CROSSING_MS, heldUp) }];
}

/**
 * Until when a lost connection still keeps its user online. Who has lost one connection and then says goodbye
 * over another is gone at once: a goodbye leaves no doubt, and no grace.
 */
function graceEnds(knownAt: number, how: Ending, goodbyes: readonly Interval[], times: Times): number {
  const ends = goodbyes.filter(({ to }) => to >= knownAt).map(({ from }) => Math.max(from, knownAt));
  return Math.min(knownAt + staysFor(how, times), ...ends);
}

/** The moment from which on this connection shows its user online no more, at the latest. */
function goneBy({ gateway, ended }: Connection, deaths: readonly Fault[], world: Circumstances): number {
  const { times, excused, windows } = world;
  let by = Number.POSITIVE_INFINITY;
  if (ended) {
    const heldUp = ended.how === "left" ? holdingUpEverything(world) : windows;
    const met = [...heldUp, ...holdUpsOf(gateway, excused, times)].sort((a, b) => a.from - b.from);
    by = deadlineAfter(ended.at, goneWithin(ended.how, times), met);
  }
  for (const { injectedAt, all } of deaths) {
    if (injectedAt > by) break;
    // What it had not written yet is known from its death alone.
    const lost = deadlineAfter(injectedAt, goneWithGateway(all, times), windows);
    by = Number.isFinite(by) ? Math.max(by, lost) : lost;
  }
  return by;
}

/** Whether an activity over a connection that lived `until` is in the log for certain. */
function isSettled(at: number, until: number, heldUp: readonly Interval[]): boolean {
  const settledAt = at + UNSETTLED_MS;
  return until > settledAt && !heldUp.some(({ from, to }) => from <= settledAt && to >= at);
}

const sureActivityOf = ({ at, from }: Activity, { times }: Circumstances): Interval => ({
  from,
  to: at + activeFor(times),
});

function maybeActivityOf({ at, writtenBy }: Activity, { times, windows }: Circumstances): Interval {
  return { from: at, to: deadlineAfter(writtenBy + times.thresholdMs, idleWithin(times), windows) };
}

/** The windows in which no change need reach anyone. */
const holdingUpEverything = ({ windows }: Circumstances): Window[] =>
  windows.filter(({ holdsUp }) => holdsUp === "everything");
