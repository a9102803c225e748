/**
 * Collects each receiver's items until they are taken, in constant time and a few bytes for each: receivers
 * with the same items so far share one path, so that equal batches are made, and encoded, once.
 */
export interface SharedBatches<T> {
  add(receivers: readonly string[], item: T): void;
  /** What the receiver waits for is out of date: all of it, or the items of these keys. */
  drop(receiver: string, keys?: ReadonlySet<string>): void;
  /** Everything collected, one batch for each distinct content: the last item of each key, in order; and begins anew. */
  take(): Batch<T>[];
  isEmpty(): boolean;
}

interface Batch<T> {
  receivers: string[];
  items: T[];
}

/** The end of a path of items. */
interface PathEnd<T> {
  item: T | undefined;
  before: PathEnd<T> | undefined;
  /** the path that the latest item made of this one: all who stand here take the same step */
  next: PathEnd<T> | undefined;
}

export function createSharedBatches<T extends object>(keyOf: (item: T) => string): SharedBatches<T> {
  const start = (): PathEnd<T> => ({ item: undefined, before: undefined, next: undefined });
  let root = start();
  let waiting = new Map<string, PathEnd<T>>();

  const step = (before: PathEnd<T>, item: T): PathEnd<T> => {
    if (before.next?.item !== item) before.next = { item, before, next: undefined };
    return before.next;
  };

  /** The last item of each key, in order. */
  const itemsOf = (path: PathEnd<T>): T[] => {
    const last = new Map<string, T>();
    for (let at: PathEnd<T> | undefined = path; at?.item !== undefined; at = at.before) {
      const key = keyOf(at.item);
      if (!last.has(key)) last.set(key, at.item);
    }
    return [...last.values()].reverse();
  };

  return {
    add(receivers, item) {
      for (const receiver of receivers) waiting.set(receiver, step(waiting.get(receiver) ?? root, item));
    },
    drop(receiver, keys) {
      const path = waiting.get(receiver);
      if (!path) return;
      const left = keys ? itemsOf(path).filter((item) => !keys.has(keyOf(item))) : [];
      if (left.length === 0) waiting.delete(receiver);
      else waiting.set(receiver, left.reduce(step, start()));
    },
    take() {
      const byPath = new Map<PathEnd<T>, string[]>();
      for (const [receiver, path] of waiting) {
        const receivers = byPath.get(path);
        if (receivers) receivers.push(receiver);
        else byPath.set(path, [receiver]);
      }
      root = start();
      waiting = new Map();
      return [...byPath].map(([path, receivers]) => ({ receivers, items: itemsOf(path) }));
    },
    isEmpty: () => waiting.size === 0,
  };
}
