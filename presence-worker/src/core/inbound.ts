import type { Numbering, PartitionMessage, UserMessage } from "@meeshy/shared/events";

/** A message of the log, parsed; `time` is the broker's, ms. */
export type Inbound = { seq: number; time: number } & (
  | { userId: string; message: UserMessage }
  | { userId?: undefined; message: PartitionMessage }
  | Unreadable
);

/** A message whose event cannot be read: it takes its place in its publisher's order and does nothing else. */
export interface Unreadable {
  userId?: undefined;
  message: Numbering & { event: { type: "unreadable" } };
}
