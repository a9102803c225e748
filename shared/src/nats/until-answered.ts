import { AckLost, type Bus, RequestTimeout } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";

/** For how long a start asks again while the server does not answer in time. */
const ANSWERED_WITHIN_MS = 30_000;
const RETRY_MS = 200;

/**
 * The outcome of `ask`, which is asked again while no answer comes in time, for 30 s: how long answers take on a
 * slow link is known only after the first of them. For what may be done twice. The first lost answer is logged as a
 * warning.
 * @throws {RequestTimeout} no answer in 30 s
 * @throws {AckLost} no acknowledgement in 30 s
 * @throws {Error} whatever else `ask` throws, at once
 */
export async function untilAnswered<T>(
  bus: Pick<Bus, "clock" | "isClosed">,
  ask: () => Promise<T>,
  logger?: Logger,
): Promise<T> {
  const until = bus.clock.now() + ANSWERED_WITHIN_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const isUnanswered = error instanceof RequestTimeout || error instanceof AckLost;
      if (!isUnanswered || bus.isClosed() || bus.clock.now() >= until) throw error;
      if (attempt === 1)
        logger?.warn({ err: error }, "NATS has not answered in time, asking again for up to 30 s");
      await bus.clock.sleep(RETRY_MS);
    }
  }
}
