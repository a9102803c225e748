const HEAD_LINES = 3;
const TAIL_LINES = 30;

/** An error for a person: a stack that fails to start hands over everything that it printed. */
export function shortened(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  const left = lines.length - HEAD_LINES - TAIL_LINES;
  if (left <= 1) return lines.join("\n");
  return [...lines.slice(0, HEAD_LINES), `(${left} more lines)`, ...lines.slice(-TAIL_LINES)].join("\n");
}
