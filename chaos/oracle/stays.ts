import { CROSSING_MS, DELIVERY_MS, idleWithin } from "./bounds.ts";
import type { Order, Stay } from "./history.ts";
import type { Interval } from "./intervals.ts";
import { type Held, heldBy, surely } from "./orders.ts";
import type { Activity } from "./truth.ts";
import { type Circumstances, deadlineAfter } from "./windows.ts";

/** What sessions without a socket say of their user. */
export interface Stays {
  /** there is one for certain */
  live: Interval[];
  /** one may show its user online */
  maybe: Interval[];
  /** one that needs no sign of life keeps its user online, for certain or perhaps */
  surelyKept: Interval[];
  perhapsKept: Interval[];
  /** to open one is a sign of life, to renew one is none */
  openings: Activity[];
  /** when one may end, which leaves no grace to what was lost before */
  goodbyes: Interval[];
}

export function staysOf(orders: readonly Order<Stay>[], world: Circumstances): Stays {
  const stays: Stays = { live: [], maybe: [], surelyKept: [], perhapsKept: [], openings: [], goodbyes: [] };
  const heldUp = world.windows.filter(({ holdsUp }) => holdsUp === "everything");
  for (const ofSession of Map.groupBy(orders, ({ slot }) => slot).values()) {
    const held = heldBy(ofSession, world);
    stays.live.push(...surely(held, () => true));
    stays.surelyKept.push(...surely(held, ({ keepOnline }) => keepOnline));
    for (const one of held) {
      const { value, order, from, to, begunBy } = one;
      if (value === null) {
        if (Number.isFinite(from))
          stays.goodbyes.push({ from, to: deadlineAfter(begunBy, CROSSING_MS, heldUp) });
        continue;
      }
      if (order === null) continue;
      stays.maybe.push({ from, to: deadlineAfter(to, DELIVERY_MS, heldUp) });
      stays.openings.push(...openingOf(one, order, held));
      if (!value.keepOnline) continue;
      stays.perhapsKept.push({ from, to: deadlineAfter(to, idleWithin(world.times), world.windows) });
    }
  }
  return stays;
}

/** What an order to open or renew a session says of its user: it opens one if there was none. */
function openingOf(
  { begunBy: writtenBy }: Held<Stay>,
  order: Order<Stay>,
  held: readonly Held<Stay>[],
): Activity[] {
  const { sentAt: at, doneAt } = order;
  const before = held.filter((other) => other.order !== order && other.from < writtenBy && other.to > at);
  if (before.every(({ value }) => value !== null)) return [];
  const isSure = doneAt !== null && before.every(({ value }) => value === null);
  return [{ at, from: doneAt ?? writtenBy, isSure, writtenBy }];
}
