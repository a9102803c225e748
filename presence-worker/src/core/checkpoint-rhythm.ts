/**
 * When a partition's position is worth a write that every process reads (ADR 0011). Records may be ahead of it:
 * the next owner reads the log since then again, and skips what a record has seen.
 */

export interface SinceCheckpoint {
  /** ms by the host's monotonic clock */
  elapsed: number;
  /** messages applied */
  messages: number;
  /** a record has changed, or the database has caught up: more than time has passed */
  hasNews: boolean;
  /** this partition had none before */
  isFirst: boolean;
}

/** Read again in a moment, and fewer than each of a busy worker's partitions gets in a round of records. */
export const CHECKPOINT_MESSAGES = 64;
export const CHECKPOINT_MS = 2_000;

export function isCheckpointDue({ elapsed, messages, hasNews, isFirst }: SinceCheckpoint): boolean {
  // Records of an epoch without any checkpoint would mean that it was lost.
  if (isFirst) return messages > 0 || hasNews;
  return messages >= CHECKPOINT_MESSAGES || (hasNews && elapsed > CHECKPOINT_MS);
}
