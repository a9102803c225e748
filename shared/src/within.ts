import type { Clock } from "./ports/clock.ts";
import { systemClock } from "./runtime/system-clock.ts";

/**
 * The work's outcome.
 * @throws {Error} there was none within `ms`; the work itself goes on
 */
export function within<T>(work: Promise<T>, ms: number, clock: Clock = systemClock): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => reject(new Error(`no outcome within ${ms} ms`)));
  return Promise.race([work, late]).finally(() => timer.cancel());
}
