/** A place in the log. Orders by epoch, then sequence. */
export interface LogPosition {
  epoch: number;
  seq: number;
}

/** How far the log was processed: shows that a log was lost or shortened (ARCHITECTURE "Streams and buckets"). */
export interface LogProgress {
  /**
   * Notes the highest sequence processed in each of these partitions. It never goes down: a lower sequence of the same
   * epoch, and any of an earlier epoch, change nothing, but that an epoch more than `EPOCH_LEAD_MAX` ahead is replaced.
   */
  record(positions: readonly (LogPosition & { partition: number })[]): Promise<void>;
  /** The furthest that any partition has come; `undefined` before the first note. */
  highest(): Promise<LogPosition | undefined>;
}
