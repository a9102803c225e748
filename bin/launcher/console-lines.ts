/** Levels of the JSON lines that services write (pino's). */
const LEVELS: Record<number, string> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

/** Fields of every line that a console does not show. */
const QUIET = new Set(["level", "time", "pid", "hostname", "name", "service", "msg", "v"]);

/**
 * One line of a service's log as a console shows it: `gateway-1 info listening port=8000`. Ours, since `pino-pretty`
 * gives an error lines of its own, and several processes share this console.
 */
export function consoleLine(source: string, line: string): string {
  const entry = parse(line);
  if (!entry) return `${source} ${line}`;
  const level = typeof entry.level === "number" ? (LEVELS[entry.level] ?? entry.level) : entry.level;
  const details = Object.entries(entry).filter(([key]) => !QUIET.has(key));
  const words = details.map(([key, value]) => `${key}=${brief(value)}`);
  return [source, level, entry.msg, ...words].filter((part) => part !== undefined && part !== "").join(" ");
}

/** Of an error only the message is shown; the log file has the rest. */
function brief(value: unknown): string {
  if (typeof value === "string") return value;
  const isError = typeof value === "object" && value !== null && "message" in value && "stack" in value;
  return isError ? String(value.message) : JSON.stringify(value);
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
