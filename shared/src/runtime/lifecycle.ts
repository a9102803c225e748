import closeWithGrace from "close-with-grace";
import type { Logger } from "./logger.ts";

/** What a process has started, in order; stopped in reverse. */
export interface Lifecycle {
  /** Registers how to stop what has just been started. */
  onStop(name: string, stop: () => Promise<unknown> | unknown): void;
  stop(): Promise<void>;
}

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

/** Runs a service's `main`: signals and fatal errors stop what it started, in reverse order. */
export async function runService(
  logger: Logger,
  main: (lifecycle: Lifecycle) => Promise<void>,
): Promise<void> {
  const lifecycle = createLifecycle(logger);
  closeWithGrace({ delay: STOP_WITHIN_MS, logger: false }, async ({ err, signal }) => {
    if (err) logger.fatal({ err }, "stopping after an unexpected error");
    else logger.info({ signal }, "stopping");
    await lifecycle.stop();
  });
  try {
    await main(lifecycle);
  } catch (error) {
    logger.fatal({ err: error }, "could not start");
    await lifecycle.stop();
    process.exit(1);
  }
}
