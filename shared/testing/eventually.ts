import { setTimeout as pause } from "node:timers/promises";

/**
 * Repeats `probe` until it neither throws nor returns `undefined` or `false`, and gives its value.
 * After `within` milliseconds the last failure is thrown, so a test shows what was still wrong.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  {
    within = 10_000,
    every = 20,
    what = "the condition",
  }: { within?: number; every?: number; what?: string } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + within;
  for (;;) {
    let failure: unknown;
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      failure = new Error(`${what} did not hold within ${within} ms`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw failure;
    await pause(every);
  }
}
