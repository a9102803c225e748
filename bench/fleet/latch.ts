/** Opens when `hit` was given `count` in all; rejects after `withinMs`, with what was missing. */
export interface Latch {
  opened: Promise<void>;
  hit(by?: number): void;
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
    hit(by = 1) {
      left -= by;
      if (left > 0) return;
      clearTimeout(timer);
      resolve();
    },
  };
}
