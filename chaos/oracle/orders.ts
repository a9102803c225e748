import { CARRIED_OUT_WITHIN_MS, DELIVERY_MS, ENDS_WITHIN_MS, lastsFor } from "./bounds.ts";
import type { Fault, Order } from "./history.ts";
import { complement, type Interval, type Intervals, union } from "./intervals.ts";
import { type Circumstances, deadlineAfter, holdUpsOf, mixedTimes } from "./windows.ts";

/**
 * What a slot may hold, and when: several values at a time where it is not known which orders were carried out, or in
 * which sequence. What viewers are shown may follow later by the time for delivery.
 */
export interface Held<Value> extends Interval {
  /** null: nothing */
  value: Value | null;
  /** null: nothing was ordered yet, or what was has ended by itself */
  order: Order<Value> | null;
  /** if it begins to hold this at all, it has by then */
  begunBy: number;
}

/** Everything that one slot of a person may have held, by its orders. */
export function heldBy<Value>(orders: readonly Order<Value>[], world: Circumstances): Held<Value>[] {
  const first = Number.NEGATIVE_INFINITY;
  // A worker of a release without sessions and layers ends none: what is over may last until the present one is back.
  const olderWorkers = mixedTimes(world.faults.filter(({ component }) => component === "worker"));
  const endsHeldUp = [...world.windows, ...olderWorkers].sort((a, b) => a.from - b.from);
  const nothing = (from: number, begunBy: number, since: number): Held<Value> => ({
    ...{ value: null, order: null, from, begunBy },
    to: replacedAfter(since, orders),
  });
  return [
    nothing(first, first, first),
    // A process of a release without sessions and layers writes records without them.
    ...mixedTimes(world.faults).map(({ from, to }) => nothing(from, to, to)),
    ...orders.flatMap((order) => {
      const { value, lastsMs, sentAt } = order;
      const begunBy = carriedOutBy(order, world);
      const held = { value, order, from: sentAt, to: replacedAfter(begunBy, orders), begunBy };
      if (value === null || lastsMs === null) return [held];
      const endsBy = deadlineAfter(begunBy + lastsMs, ENDS_WITHIN_MS - DELIVERY_MS, endsHeldUp);
      const ended = nothing(sentAt + lastsFor(lastsMs), endsBy, begunBy);
      return [{ ...held, to: Math.min(held.to, endsBy) }, ended];
    }),
  ].filter(({ from, to }) => from < to);
}

/** When the slot holds something for which this is so, for certain. */
export function surely<Value>(held: readonly Held<Value>[], isSo: (value: Value) => boolean): Intervals {
  return complement(union(held.filter(({ value }) => value === null || !isSo(value))));
}

/** When an order that was carried out, and was sent after `moment`, has replaced what was there before. */
const replacedAfter = (moment: number, orders: readonly Order<unknown>[]): number =>
  Math.min(
    Number.POSITIVE_INFINITY,
    ...orders.flatMap(({ sentAt, doneAt }) => (doneAt !== null && sentAt >= moment ? [doneAt] : [])),
  );

/** When an order is carried out at the latest, if it is. */
function carriedOutBy(
  { sentAt, doneAt }: Pick<Order<unknown>, "sentAt" | "doneAt">,
  { excused, times, windows }: Circumstances,
): number {
  if (doneAt !== null) return doneAt;
  // Any gateway may have it.
  const gateways = new Set(excused.flatMap((fault) => gatewaysOf(fault)));
  const heldUp = [
    ...windows.filter(({ holdsUp }) => holdsUp === "everything"),
    ...[...gateways].flatMap((gateway) => holdUpsOf(gateway, excused, times)),
  ].sort((a, b) => a.from - b.from);
  return deadlineAfter(sentAt, CARRIED_OUT_WITHIN_MS, heldUp);
}

const gatewaysOf = ({ component, targets }: Fault): readonly number[] =>
  component === "gateway" ? targets : [];
