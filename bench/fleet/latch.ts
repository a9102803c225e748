/** Opens when `hit` was called `count` times; rejects after `withinMs`, with what was missing. */
export interface Latch {
  opened: Promise<void>;
  hit(): void;
}

export function createLatch(count: number, withinMs: number, what: string): Latch {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  let left = count;
  const timer = setTimeout(
    () => reject(new Error(`${what}: ${left} of ${count} missing after ${withinMs} ms`)),
    withinMs,
  );
  return {
    opened: promise,
    hit() {
      left--;
      if (left > 0) return;
      clearTimeout(timer);
      resolve();
    },
  };
}
