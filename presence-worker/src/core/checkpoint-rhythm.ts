/**
 * When a partition's position is worth a write that every process reads (ADR 0004). Records may be ahead of it:
 * whoever takes over reads the log since then again, and skips what a record has seen.
 */

export interface SinceCheckpoint {
  /** ms by the host's monotonic clock */
  elapsed: number;
  /** messages applied */
  messages: number;
  /** a record has changed, or the database has caught up */
  hasNews: boolean;
  /** this partition had none before */
  isFirst: boolean;
}

/** Read again in a few milliseconds, and more than a busy worker's 64 partitions get in a round of records. */
export const CHECKPOINT_MESSAGES = 128;
export const CHECKPOINT_MS = 2_000;
/** A partition in which nothing but time passes. */
export const QUIET_MS = 5_000;

export function isCheckpointDue({ elapsed, messages, hasNews, isFirst }: SinceCheckpoint): boolean {
  if (messages === 0 && !hasNews) return false;
  // Records of an epoch without any checkpoint would say that it was lost.
  if (isFirst) return true;
  return messages >= CHECKPOINT_MESSAGES || elapsed > (hasNews ? CHECKPOINT_MS : QUIET_MS);
}
