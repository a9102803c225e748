import { type Logger, pino } from "pino";

export type { Logger };

/** Structured logs on stdout, one JSON object a line. Secrets never reach it: callers log ids, not tokens. */
export function createLogger(service: string, level: string): Logger {
  return pino({ level, base: { service }, timestamp: pino.stdTimeFunctions.isoTime });
}
