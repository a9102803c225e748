import { DELIVERY_MS } from "./bounds.ts";
import { type Choice, type Order, STANDING, TIMED } from "./history.ts";
import { type Interval, type Intervals, union } from "./intervals.ts";
import { type Held, heldBy } from "./orders.ts";
import { type Circumstances, deadlineAfter } from "./windows.ts";

/** What a person may be shown as, by what was chosen for them, whether they are online or not. */
export interface Looks {
  /** all that it may be in each time, one after the other */
  pieces: readonly Piece[];
  /** the person is not invisible, for certain */
  surelyVisible: Intervals;
  /** the person may be shown, time to deliver the next choice included */
  perhapsVisible: Intervals;
  /** When a person may be shown with this availability and text, time to deliver the next choice included. */
  allowed(choice: Choice): Intervals;
  /** When it was first asked to show the person so, by anyone; -Infinity: it needs no asking; Infinity: it never was. */
  chosenAt(choice: Choice): number;
}

type Piece = Interval & { choices: readonly Choice[] };

const INVISIBLE = "invisible";
const PLAIN: Choice = { availability: "available", statusText: null };

export const isSameLook = (a: Choice, b: Choice): boolean =>
  a.availability === b.availability && a.statusText === b.statusText;

/** Derives from what was ordered for a person what they may be shown as. */
export function looksOf(orders: readonly Order<Choice>[], world: Circumstances): Looks {
  const slots = [...Map.groupBy(orders, ({ slot }) => slot)].map(
    ([slot, own]) => [slot, heldBy(own, world)] as const,
  );
  const pieces = piecesOf(slots);
  const heldUp = world.windows.filter(({ holdsUp }) => holdsUp === "everything");
  const untilDelivered = ({ from, to }: Interval) => ({ from, to: deadlineAfter(to, DELIVERY_MS, heldUp) });
  const when = (isMeant: (choice: Choice) => boolean) =>
    union(union(pieces.filter(({ choices }) => choices.some(isMeant))).map(untilDelivered));
  const allowed = new Map<string, Intervals>();
  return {
    pieces,
    surelyVisible: union(pieces.filter(({ choices }) => !choices.some(isInvisible))),
    perhapsVisible: when((choice) => !isInvisible(choice)),
    allowed(choice) {
      const key = `${choice.availability} ${choice.statusText}`;
      const known = allowed.get(key) ?? when((may) => isSameLook(isInvisible(may) ? PLAIN : may, choice));
      allowed.set(key, known);
      return known;
    },
    chosenAt(choice) {
      if (isSameLook(choice, PLAIN)) return Number.NEGATIVE_INFINITY;
      const same = orders.filter(({ value }) => value !== null && isSameLook(value, choice));
      return Math.min(Number.POSITIVE_INFINITY, ...same.map(({ sentAt }) => sentAt));
    },
  };
}

const isInvisible = ({ availability }: Choice): boolean => availability === INVISIBLE;

/** What may be shown between any two moments at which something begins to be held, or ends. */
function piecesOf(slots: readonly (readonly [string, readonly Held<Choice>[]])[]): Piece[] {
  const all = slots.flatMap(([slot, held]) => held.map((one) => ({ slot, ...one })));
  const [first, last] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const moments = new Set([first, last, ...all.flatMap(({ from, to }) => [from, to])]);
  const sorted = [...moments].sort((a, b) => a - b);
  const beginnings = Map.groupBy(all, ({ from }) => from);
  let present: typeof all = [];
  return sorted.slice(1).map((to, index) => {
    const from = sorted[index] ?? first;
    present = [...present.filter((one) => one.to > from), ...(beginnings.get(from) ?? [])];
    return { from, to, choices: shownOf(Map.groupBy(present, ({ slot }) => slot)) };
  });
}

/** All that may be shown where each slot holds one of what it may hold. */
function shownOf(slots: ReadonlyMap<string, readonly Held<Choice>[]>): Choice[] {
  let worlds: Map<string, Held<Choice>>[] = [new Map()];
  for (const [slot, held] of slots) {
    worlds = worlds.flatMap((world) => held.map((one) => new Map(world).set(slot, one)));
  }
  const shown = worlds.flatMap(strongestOf);
  return shown.filter((one, index) => shown.findIndex((other) => isSameLook(one, other)) === index);
}

const STRENGTH = ["available", "busy", "dnd"];

/**
 * The strongest (CONTRACT 5): invisible in either of the person's own choices; the timed one; the standing one, unless
 * that is plain; then the services' claims, dnd before busy before available, of equals the newest. Two where it is not
 * known which of them is newer.
 */
function strongestOf(slots: ReadonlyMap<string, Held<Choice>>): Choice[] {
  const timed = slots.get(TIMED)?.value;
  const standing = slots.get(STANDING)?.value ?? PLAIN;
  const invisible = [standing, timed].find((choice) => choice && isInvisible(choice));
  const own = invisible ?? timed ?? (isSameLook(standing, PLAIN) ? null : standing);
  if (own) return [own];
  const claims = [...slots].flatMap(([slot, held]) =>
    slot !== TIMED && slot !== STANDING && held.value !== null ? [{ ...held, value: held.value }] : [],
  );
  const strengthOf = ({ value }: { value: Choice }) => STRENGTH.indexOf(value.availability);
  const most = Math.max(...claims.map(strengthOf));
  const strongest = claims.filter((claim) => strengthOf(claim) === most);
  const newest = strongest.filter(
    ({ begunBy }) => !strongest.some(({ order }) => order !== null && order.sentAt >= begunBy),
  );
  return newest.length > 0 ? newest.map(({ value }) => value) : [PLAIN];
}
