import { eventually } from "@meeshy/shared/testing/eventually";
import type { Sample } from "../../scenario.ts";
import { observe, type Watch } from "./observe.ts";
import { arrive, type Person } from "./people.ts";

/** What is killed, and what becomes of the people whom it held. */

const STRUCK = 0;
const SEEN_WITHIN_MS = 30_000;
/** Beyond lease + grace + 2 s: by then a false departure would have been seen. */
const WATCHED_MS = 15_000;
const BACK_WITHIN_MS = 30_000;
/** Beyond every time after which a system could still find out: the Redis pattern's keys live for 60 s. */
const GONE_WITHIN_MS = 70_000;
const LEFT_WITHIN_MS = 5_000;

export const PARTS = [
  "back at once",
  "back, then left",
  "gone for good",
  "store killed",
  "store killed, then left",
] as const;
export type Part = (typeof PARTS)[number];
type Figures = Sample["figures"];

/** A front is killed, and its clients come back at once; afterwards they leave in good order. */
export async function comeBack(watch: Watch, userIds: readonly string[]): Promise<Map<Part, Figures>> {
  const people = await arriveSeen(watch, userIds, STRUCK, { returns: true });
  const since = performance.now();
  const [back] = await Promise.all([
    observe(watch, {
      ...{ userIds, isOnline: true, since },
      ...{ withinMs: BACK_WITHIN_MS, atLeastMs: WATCHED_MS },
    }),
    watch.system.killFront(STRUCK),
  ]);
  await allIn(watch, people);
  return new Map([
    ["back at once", back],
    ["back, then left", await leave(watch, people)],
  ]);
}

/** A front is killed, and its clients never come back. */
export async function goForGood(watch: Watch, userIds: readonly string[]): Promise<Map<Part, Figures>> {
  await arriveSeen(watch, userIds, STRUCK, { returns: false });
  const since = performance.now();
  const [gone] = await Promise.all([
    observe(watch, { userIds, isOnline: false, since, withinMs: GONE_WITHIN_MS }),
    watch.system.killFront(STRUCK),
  ]);
  return new Map([["gone for good", gone]]);
}

/** What the state is kept in is killed and started again, while the people keep their sockets; then they leave. */
export async function loseStore(watch: Watch, userIds: readonly string[]): Promise<Map<Part, Figures>> {
  const { killStore } = watch.system;
  if (killStore === undefined) return new Map();
  const people = await arriveSeen(watch, userIds, watch.front, { returns: true });
  const since = performance.now();
  const [kept] = await Promise.all([
    observe(watch, {
      ...{ userIds, isOnline: true, since },
      ...{ withinMs: BACK_WITHIN_MS, atLeastMs: WATCHED_MS },
    }),
    killStore(),
  ]);
  await allIn(watch, people);
  return new Map([
    ["store killed", kept],
    ["store killed, then left", await leave(watch, people)],
  ]);
}

async function arriveSeen(
  { system, viewers }: Watch,
  userIds: readonly string[],
  front: number,
  options: { returns: boolean },
): Promise<Person[]> {
  const areIn = () => viewers.every((viewer) => viewer.isIn());
  await eventually(areIn, { within: SEEN_WITHIN_MS, what: `${system.kind}: the viewers are in` });
  const people = await arrive(system, userIds, front, options);
  const areSeen = () => userIds.every((id) => viewers.every((viewer) => viewer.sees(id).isOnline));
  await eventually(areSeen, { within: SEEN_WITHIN_MS, what: `${system.kind}: viewers see all who came` });
  return people;
}

async function allIn({ system }: Watch, people: readonly Person[]): Promise<void> {
  const what = `${system.kind}: all are back`;
  await eventually(() => people.every((person) => person.isIn()), { within: BACK_WITHIN_MS, what });
}

/** They say goodbye: a departure that no one has to find out. */
function leave(watch: Watch, people: readonly Person[]): Promise<Figures> {
  const since = performance.now();
  for (const person of people) person.leave();
  const userIds = people.map(({ userId }) => userId);
  return observe(watch, { userIds, isOnline: false, since, withinMs: LEFT_WITHIN_MS });
}
