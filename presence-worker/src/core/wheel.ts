/**
 * A lazy timing wheel over deadlines: one slot a tick, and in it a chain of nodes. A deadline that moves later costs
 * nothing: the node stays in its slot and is checked again when that slot comes due. The links are in the nodes, since
 * a map of places and a set for each slot would take twice their room.
 */
export interface Wheel<T extends TimerNode<T>> {
  /** Has `one` taken out no later than `deadline` (ms). */
  schedule(one: T, deadline: number): void;
  forget(one: T): void;
  /** Takes out every node whose slot is not later than `now`: candidates, to be checked and scheduled again. */
  take(now: number): T[];
}

/** A node's place in the wheel, which the wheel alone changes. */
export interface TimerNode<T> {
  slot: Slot<T> | null;
  previous: T | null;
  next: T | null;
}

interface Slot<T> {
  tick: number;
  first: T | null;
}

export const TICK_MS = 250;

const tickFor = (deadline: number): number => Math.ceil(deadline / TICK_MS);
const tickAt = (now: number): number => Math.floor(now / TICK_MS);

/**
 * Whether the slot of a deadline has come by `now`. It decides for every node that is taken out: some are taken out
 * before their slot, since an earlier deadline of theirs had moved, and one that was stored and loaded meanwhile is
 * not. Both must have the same result.
 */
export const isDue = (deadline: number, now: number): boolean => tickFor(deadline) <= tickAt(now);

export function createWheel<T extends TimerNode<T>>(): Wheel<T> {
  const slots = new Map<number, Slot<T>>();
  /** every slot below this one has been taken */
  let earliest = Number.POSITIVE_INFINITY;

  const add = (one: T, tick: number) => {
    const slot = slots.get(tick) ?? { tick, first: null };
    if (slot.first === null) slots.set(tick, slot);
    else slot.first.previous = one;
    one.slot = slot;
    one.next = slot.first;
    slot.first = one;
  };
  const remove = (one: T, slot: Slot<T>) => {
    if (one.next !== null) one.next.previous = one.previous;
    if (one.previous !== null) one.previous.next = one.next;
    else slot.first = one.next;
    if (slot.first === null) slots.delete(slot.tick);
    one.slot = one.previous = one.next = null;
  };

  return {
    schedule(one, deadline) {
      const tick = tickFor(deadline);
      if (one.slot !== null && one.slot.tick <= tick) return;
      if (one.slot !== null) remove(one, one.slot);
      add(one, tick);
      earliest = Math.min(earliest, tick);
    },
    forget(one) {
      if (one.slot !== null) remove(one, one.slot);
    },
    take(now) {
      const last = tickAt(now);
      if (last < earliest) return [];
      const due: T[] = [];
      const ticks = last - earliest > slots.size ? [...slots.keys()].filter((tick) => tick <= last) : null;
      const collect = (slot: Slot<T> | undefined) => {
        while (slot?.first) {
          due.push(slot.first);
          remove(slot.first, slot);
        }
      };
      if (ticks) for (const tick of ticks.sort((a, b) => a - b)) collect(slots.get(tick));
      else for (let tick = earliest; tick <= last; tick++) collect(slots.get(tick));
      earliest = slots.size === 0 ? Number.POSITIVE_INFINITY : last + 1;
      return due;
    },
  };
}
