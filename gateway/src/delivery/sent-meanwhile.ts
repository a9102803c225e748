import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
import type { ClientConnection } from "../connections/connections.ts";

/**
 * Whose correction waits for the directory, and what single sockets are sent of them meanwhile. Without it everyone
 * would count as having seen the person as before: a view that was sent meanwhile says otherwise.
 */
export interface SentMeanwhile {
  /** The person waits from now on, if not before. */
  begin(userId: string): void;
  /** Whether the person waits now. */
  isWaiting(userId: string): boolean;
  /** These sockets are sent this status. */
  note(status: UserStatus, socketIds: readonly string[]): void;
  /** The socket is sent its whole view, which shows nothing of those whom it does not name. */
  noteView(connection: ClientConnection, users: readonly UserStatus[]): void;
  /** The person waits no more. Gives what each socket was sent last meanwhile. */
  end(userId: string): SentTo;
}

/** `undefined`: nothing. */
export type SentTo = (connection: ClientConnection) => UserStatus | undefined;

export function createSentMeanwhile(): SentMeanwhile {
  /** by user id, since which step they wait, and at which step each socket was sent what */
  const waiting = new Map<string, { since: number; sent: Map<string, { at: number; status: UserStatus }> }>();
  /** at which step each socket was sent its last whole view, kept only while someone waits */
  const views = new WeakMap<ClientConnection, number>();
  let step = 0;

  const note: SentMeanwhile["note"] = (status, socketIds) => {
    const sent = waiting.get(status.userId)?.sent;
    if (!sent) return;
    const at = ++step;
    for (const id of socketIds) sent.set(id, { at, status });
  };

  return {
    begin(userId) {
      if (!waiting.has(userId)) waiting.set(userId, { since: ++step, sent: new Map() });
    },
    isWaiting: (userId) => waiting.has(userId),
    note,
    noteView(connection, users) {
      if (waiting.size === 0) return;
      views.set(connection, ++step);
      for (const status of users) note(status, [connection.socket.id]);
    },
    end(userId) {
      const { since, sent } = waiting.get(userId) ?? { since: step, sent: new Map<string, never>() };
      waiting.delete(userId);
      return (connection) => {
        const last = sent.get(connection.socket.id);
        const viewedAt = views.get(connection) ?? 0;
        return viewedAt > Math.max(since, last?.at ?? 0) ? hiddenStatus(userId, null) : last?.status;
      };
    },
  };
}
