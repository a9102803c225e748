import type { LogEvent } from "@meeshy/shared/events";
import type { Effect } from "./effects.ts";
import type { UserRecord } from "./record.ts";

/** What an actor works by. Milliseconds. */
export interface Rules {
  /** without activity for this long, an online user is a zombie; > 0 */
  offlineThresholdMs: number;
  /** how long a zombie may live; 0: the user is offline at once */
  graceMs: number;
  /** `replace`: a new connection closes the user's older ones */
  multiDevice: "allow" | "replace";
  /** most open connections of one user: another one closes the oldest; default {@link CONNECTIONS_MAX} */
  connectionsMax?: number | undefined;
}

/**
 * A message of the log with its position: `seq` in the stream, `epoch` of the log. Deadlines are set and judged by
 * `now`, partition time; dates are `date`, the broker's own. After a jump of the broker's clock they differ. ms.
 */
export type ActorEvent = LogEvent & {
  seq: number;
  epoch: number;
  now: number;
  date: number;
  /** how long it had waited to be written, by its process's monotonic clock; absent: not noticeably */
  waitedMs?: number | undefined;
};

export interface ActorContext {
  record: UserRecord;
  /** what the last event that was not ignored wants done */
  effects: readonly Effect[];
}

/** The actor's own time, by which deadlines are set and judged, ms: it never goes back, even if the log's time does. */
export function actorTime(record: UserRecord, event: ActorEvent): number {
  return Math.max(record.now, event.now);
}

/** When it happened, by the broker's clock, ms: what had to wait to be written is older than its place in the log. */
export const happenedAt = ({ date, waitedMs }: ActorEvent): number => date - Math.floor(waitedMs ?? 0);

/** Whether a moment, ms, has come; null never comes. */
export function isPast(moment: number | null, at: number): boolean {
  return moment !== null && moment <= at;
}
