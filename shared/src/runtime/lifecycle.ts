import closeWithGrace from "close-with-grace";
import type { Logger } from "./logger.ts";

/** What a process has started, in order; stopped in reverse. */
export interface Lifecycle {
  /** Registers how to stop what has just been started. */
  onStop(name: string, stop: () => Promise<unknown> | unknown): void;
  /**
   * Runs each step once, one after the other; a second call waits for the first. A step that fails is logged:
   * it never rejects.
   */
  stop(): Promise<void>;
}

/** Steps have no time limit of their own: {@link runService} has one for all. */
export function createLifecycle(logger: Logger): Lifecycle {
  const steps: { name: string; stop: () => Promise<unknown> | unknown }[] = [];
  let stopping: Promise<void> | undefined;
  const run = async () => {
    for (const { name, stop } of steps.reverse()) {
      try {
        await stop();
      } catch (error) {
        logger.error({ step: name, err: error }, "could not stop cleanly");
      }
    }
  };
  return {
    onStop: (name, stop) => {
      steps.push({ name, stop });
    },
    stop: () => {
      stopping ??= run();
      return stopping;
    },
  };
}

/** Longest a process takes to stop; the launcher's whole stop takes 10 s. */
const STOP_WITHIN_MS = 8_000;

/** Signals by which a terminal or a service manager stops a process, or all processes of a group at once. */
const STOP_SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/**
 * Runs a service's `main`: signals and fatal errors stop what it started, in reverse order. A stop that takes
 * longer than 8 s is cut off. A `main` that rejects is logged, and ends the process with 1 once what it had
 * started is stopped. With `onOrder` the process ignores the signals: it stops when that calls back.
 */
export async function runService(
  logger: Logger,
  main: (lifecycle: Lifecycle) => Promise<void>,
  onOrder?: (stop: () => void) => void,
): Promise<void> {
  const lifecycle = createLifecycle(logger);
  const skip = onOrder ? [...STOP_SIGNALS] : [];
  for (const signal of skip) process.on(signal, () => {});
  const closing = closeWithGrace({ delay: STOP_WITHIN_MS, logger: false, skip }, async ({ err, signal }) => {
    if (err) logger.fatal({ err }, "stopping after an unexpected error");
    else logger.info({ signal }, "stopping");
    await lifecycle.stop();
  });
  onOrder?.(() => closing.close());
  try {
    await main(lifecycle);
  } catch (error) {
    logger.fatal({ err: error }, "could not start");
    await lifecycle.stop();
    process.exit(1);
  }
}
