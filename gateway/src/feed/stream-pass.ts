import { follow, type Stored } from "@meeshy/shared/nats/follow";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { STREAM_STATUS, SUBJECT_STATUS_SET_ALL } from "@meeshy/shared/subjects";

/** Reads the status stream once, from a place to its end; ends early when `signal` is aborted. */
export async function passOverStatuses(
  { bus, logger }: { bus: Bus; logger: Logger },
  from: number | "last-values",
  onMessage: (message: Stored) => void,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) return;
  const following = follow(bus, {
    stream: STREAM_STATUS,
    filter: SUBJECT_STATUS_SET_ALL,
    from,
    onMessage,
    onCaughtUp: resolve,
    logger,
  });
  await promise;
  await following.stop();
}
