import { type DestinationStream, type Level, type Logger, type LoggerOptions, pino } from "pino";
import { createRepeatLimit, type RepeatRules } from "./repeat-limit.ts";

export type { Logger };

/** Of lines with the same text, by level: what is logged in ordinary life has room for a storm of it. */
const REPEATS: Record<"info" | "warn" | "error", RepeatRules> = {
  info: { most: 1_000, perMs: 60_000 },
  warn: { most: 10, perMs: 60_000 },
  error: { most: 10, perMs: 60_000 },
};
const REMINDER_EVERY_MS = 5_000;

/**
 * Structured logs on stdout, one JSON object a line (CONTRACT 8). Secrets never reach it: callers log ids,
 * not tokens. Of lines with the same text only so many pass in a minute ({@link REPEATS}); how many did not is logged
 * with that text, as `withheld`. `to`: where the lines go in place of stdout.
 * @throws {Error} `level` is none of pino's
 */
export function createLogger(service: string, level: string, to?: DestinationStream): Logger {
  const limits = new Map(Object.entries(REPEATS).map(([name, rules]) => [name, createRepeatLimit(rules)]));
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      logMethod(args, method, number) {
        const limit = limits.get(pino.levels.labels[number] ?? "");
        const [first, second] = args as unknown[];
        const text = typeof first === "string" ? first : second;
        const isLimited = limit !== undefined && typeof text === "string";
        if (!isLimited || limit.pass(text, performance.now()).isPassed) method.apply(this, args);
      },
    },
  };
  const logger = to === undefined ? pino(options) : pino(options, to);
  setInterval(() => {
    for (const [name, limit] of limits)
      for (const { line, withheld } of limit.takeWithheld(performance.now()))
        logger[name as Level]({ withheld }, line);
  }, REMINDER_EVERY_MS).unref();
  return logger;
}
