import { Fifo } from "../fifo.ts";

/** How later messages supersede one that waits. */
export interface CoalesceKey {
  /** a message that waits under the same key is replaced by this one */
  key: string;
  /** a message that waits under this key and this one cancel each other out */
  cancels?: string;
}

interface Cell<T> {
  item: T;
  key: string | undefined;
  isSuperseded: boolean;
}

/** Superseded cells that may stay before the queue is rebuilt without them. */
const SLACK = 1_024;

/**
 * Messages that wait, first in, first out. However long they wait, there are no more of them than keys: only
 * the last message of each key is kept, at its own place in the order.
 */
export class Backlog<T> {
  #cells = new Fifo<Cell<T>>();
  #byKey = new Map<string, Cell<T>>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Gives the items that need not be sent any more: those replaced; `item` itself too where it cancels another. */
  push(item: T, coalesce?: CoalesceKey): T[] {
    const cancelled = coalesce?.cancels === undefined ? undefined : this.#drop(coalesce.cancels);
    if (cancelled) return [cancelled.item, item];
    const replaced = coalesce && this.#drop(coalesce.key);
    const cell: Cell<T> = { item, key: coalesce?.key, isSuperseded: false };
    if (coalesce) this.#byKey.set(coalesce.key, cell);
    this.#cells.push(cell);
    this.#length++;
    this.#tidy();
    return replaced ? [replaced.item] : [];
  }

  /** The item that has waited longest. */
  oldest(): T | undefined {
    for (const { item, isSuperseded } of this.#cells) if (!isSuperseded) return item;
    return undefined;
  }

  shift(): T | undefined {
    for (let cell = this.#cells.shift(); cell; cell = this.#cells.shift()) {
      if (cell.isSuperseded) continue;
      if (cell.key !== undefined) this.#byKey.delete(cell.key);
      this.#length--;
      return cell.item;
    }
    return undefined;
  }

  #drop(key: string): Cell<T> | undefined {
    const cell = this.#byKey.get(key);
    if (!cell) return undefined;
    this.#byKey.delete(key);
    cell.isSuperseded = true;
    this.#length--;
    return cell;
  }

  #tidy(): void {
    if (this.#cells.length < 2 * this.#length + SLACK) return;
    const kept = new Fifo<Cell<T>>();
    for (const cell of this.#cells) if (!cell.isSuperseded) kept.push(cell);
    this.#cells = kept;
  }
}
