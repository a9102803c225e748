import { setTimeout as pause } from "node:timers/promises";

/** Longest pause after a probe that took its time. */
const PAUSE_MAX_MS = 250;

/**
 * Repeats `probe` until it neither throws nor returns `undefined` or `false`, and gives its value.
 * After `within` milliseconds the last failure is thrown, so a test shows what was still wrong. Between two probes it
 * waits `every` milliseconds, and twice what the probe took: what is waited for shall not be slowed by the looking.
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  {
    within = 30_000,
    every = 20,
    what = "the condition",
  }: { within?: number; every?: number; what?: string } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + within;
  for (;;) {
    let failure: unknown;
    const began = performance.now();
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      failure = new Error(`${what} did not hold within ${within} ms`);
    } catch (error) {
      failure = error;
    }
    const now = performance.now();
    if (now > deadline) throw failure;
    await pause(Math.max(every, Math.min(2 * (now - began), PAUSE_MAX_MS)));
  }
}
