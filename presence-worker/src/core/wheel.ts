/**
 * A lazy timing wheel over deadlines: one slot a tick, users in it by id. A deadline that moves later
 * costs nothing: the user stays where they are and is asked again when that slot comes due.
 */
export interface Wheel {
  /** Says that `userId` must be looked at no later than `deadline` (ms). */
  schedule(userId: string, deadline: number): void;
  forget(userId: string): void;
  /** Takes out everyone whose slot is not later than `now`: candidates, to be checked and scheduled again. */
  take(now: number): string[];
  size(): number;
}

export const TICK_MS = 250;

const slotFor = (deadline: number): number => Math.ceil(deadline / TICK_MS);
const slotAt = (now: number): number => Math.floor(now / TICK_MS);

/**
 * Whether the slot of a deadline has come by `now`. It decides for everyone who is taken out: some are looked
 * at before their slot, since an earlier deadline of theirs had moved, and who was written down and loaded
 * meanwhile is not. Both must come to the same.
 */
export const isDue = (deadline: number, now: number): boolean => slotFor(deadline) <= slotAt(now);

export function createWheel(): Wheel {
  const slots = new Map<number, Set<string>>();
  const slotOf = new Map<string, number>();
  /** every slot below this one has been taken */
  let earliest = Number.POSITIVE_INFINITY;

  const remove = (userId: string, slot: number) => {
    const users = slots.get(slot);
    users?.delete(userId);
    if (users?.size === 0) slots.delete(slot);
  };

  return {
    schedule(userId, deadline) {
      const slot = slotFor(deadline);
      const present = slotOf.get(userId);
      if (present !== undefined && present <= slot) return;
      if (present !== undefined) remove(userId, present);
      slotOf.set(userId, slot);
      const users = slots.get(slot);
      if (users) users.add(userId);
      else slots.set(slot, new Set([userId]));
      earliest = Math.min(earliest, slot);
    },
    forget(userId) {
      const slot = slotOf.get(userId);
      if (slot === undefined) return;
      slotOf.delete(userId);
      remove(userId, slot);
    },
    take(now) {
      const last = slotAt(now);
      if (last < earliest) return [];
      const due: string[] = [];
      const numbers = last - earliest > slots.size ? [...slots.keys()].filter((slot) => slot <= last) : null;
      const collect = (slot: number) => {
        const users = slots.get(slot);
        if (!users) return;
        for (const userId of users) {
          slotOf.delete(userId);
          due.push(userId);
        }
        slots.delete(slot);
      };
      if (numbers) for (const slot of numbers.sort((a, b) => a - b)) collect(slot);
      else for (let slot = earliest; slot <= last; slot++) collect(slot);
      earliest = slots.size === 0 ? Number.POSITIVE_INFINITY : last + 1;
      return due;
    },
    size: () => slotOf.size,
  };
}
