import { createLogger, type Logger } from "../src/runtime/logger.ts";

/** Lines kept of a test. */
const KEPT = 1_000;

let lines: string[] = [];

/**
 * What the product logs in a test's own process: kept, and shown when the test fails (`show-log.ts`). With the
 * environment variable `TEST_LOG`, a level, it goes to stdout instead.
 */
export const testLogger: Logger =
  process.env.TEST_LOG === undefined
    ? createLogger("test", "debug", { write: keep })
    : createLogger("test", process.env.TEST_LOG);

/** The last lines since the last call, oldest first. */
export function takeLog(): string[] {
  const taken = lines;
  lines = [];
  return taken.slice(-KEPT);
}

function keep(line: string): void {
  lines.push(line);
  if (lines.length > 2 * KEPT) lines = lines.slice(-KEPT);
}
