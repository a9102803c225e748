import type { CommandedCloseReason } from "@meeshy/shared/close-reasons";
import type { Cause } from "@meeshy/shared/status";
import type { LifecycleState } from "./record.ts";

/** What a transition wants done. Effects are data: the host carries them out, in this order of kinds. */
export type Effect =
  /** the record's `shown`, or the user's entry in the directory, changed: publish it to the viewers */
  | { type: "status" }
  /** what the record says of its user to the user has changed: their own devices are informed */
  | { type: "self" }
  /** what the database holds of this user changed */
  | { type: "persist" }
  /** a line of history; `version` is the log sequence of the event */
  | {
      type: "transition";
      from: LifecycleState;
      to: LifecycleState;
      cause: Cause;
      version: number;
      epoch: number;
      at: number;
      connectionId: string | null;
    }
  /** the account is gone: its last status, its record and its history have to go too */
  | { type: "erase" }
  /** these sockets are to be closed; connection ids by gateway id */
  | { type: "closeConnections"; reason: CommandedCloseReason; byGateway: Record<string, string[]> };
