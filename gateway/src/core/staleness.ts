/** Whether what viewers see can be right, by work done (ADR 0016). Pure; moments are this process' own monotonic ms. */

/** Why it cannot, the first that applies: nothing can be written, statuses do not arrive, events are not processed. */
export const STALE_REASONS = ["storage", "feed", "not-processing"] as const;
export type StaleReason = (typeof STALE_REASONS)[number];

export interface Signals {
  now: number;
  /** since when the link to the broker is up; null: it is down */
  linkUpSince: number | null;
  /** since when the own oldest write waits for its acknowledgement */
  waitingSince: number | undefined;
  /** for how long statuses have not been proved complete, ms; null: they are */
  feedStaleMs: number | null;
  /** for how long the partition that has waited longest has not been processed, ms; 0: all are */
  unservedMs: number;
}

/** How long each may last before viewers are informed, ms. */
export interface Patience {
  /** a write without an acknowledgement */
  unacknowledgedMs: number;
  /** a partition that is not processed: longer than a worker's death or a restart takes another to make up for */
  unservedMs: number;
}

/**
 * Every reason that applies, in the order of {@link STALE_REASONS}, with for how long already, ms. Without the link
 * nothing is known of the other two.
 */
export function findStaleness(signals: Signals, patience: Patience): Map<StaleReason, number> {
  const { now, linkUpSince, waitingSince = now, feedStaleMs, unservedMs } = signals;
  const found = new Map<StaleReason, number>();
  const isUp = linkUpSince !== null;
  // What waited while the link was down is sent again only since it is up.
  if (isUp && now - Math.max(waitingSince, linkUpSince) > patience.unacknowledgedMs)
    found.set("storage", now - waitingSince);
  if (feedStaleMs !== null) found.set("feed", feedStaleMs);
  if (isUp && unservedMs > patience.unservedMs) found.set("not-processing", unservedMs);
  return found;
}
