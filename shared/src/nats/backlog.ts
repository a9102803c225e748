import { Fifo } from "../fifo.ts";

/** What a message says, as far as later ones make it needless. */
export interface Place {
  /** a message that waits under the same key is replaced by this one */
  key: string;
  /** a message that waits under this key and this one cancel each other out */
  annuls?: string;
}

interface Cell<T> {
  item: T;
  key: string | undefined;
  isNeedless: boolean;
}

/** Needless cells that may lie about before the queue is rebuilt without them. */
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

  /** Gives the items that need not be sent any more: those replaced; `item` itself too where it annuls another. */
  push(item: T, place?: Place): T[] {
    const annulled = place?.annuls === undefined ? undefined : this.#drop(place.annuls);
    if (annulled) return [annulled.item, item];
    const replaced = place && this.#drop(place.key);
    const cell: Cell<T> = { item, key: place?.key, isNeedless: false };
    if (place) this.#byKey.set(place.key, cell);
    this.#cells.push(cell);
    this.#length++;
    this.#tidy();
    return replaced ? [replaced.item] : [];
  }

  shift(): T | undefined {
    for (let cell = this.#cells.shift(); cell; cell = this.#cells.shift()) {
      if (cell.isNeedless) continue;
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
    cell.isNeedless = true;
    this.#length--;
    return cell;
  }

  #tidy(): void {
    if (this.#cells.length < 2 * this.#length + SLACK) return;
    const kept = new Fifo<Cell<T>>();
    for (const cell of this.#cells) if (!cell.isNeedless) kept.push(cell);
    this.#cells = kept;
  }
}
