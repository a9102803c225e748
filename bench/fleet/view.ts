import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";

/** What one client shows of the others, over all its connections. Times: monotonic clock, ms. */
export interface View {
  takeStatus(status: Pick<UserStatus, "userId" | "isOnline">): void;
  /** Gives whether it was a whole view: whom it does not name is offline. */
  takeSnapshot(snapshot: Pick<PresenceSnapshot, "partial"> & { users: readonly Named[] }): boolean;
  /** How a person reads now, and since when. */
  sees(userId: string): { isOnline: boolean; since: number };
  /** how often a user went offline in it, of those whom `counts` selects */
  departures(counts?: (userId: string) => boolean): number;
}

type Named = Pick<UserStatus, "userId" | "isOnline">;

export function createView(openedAt: number): View {
  const view = new Map<string, { isOnline: boolean; since: number }>();
  const departed: string[] = [];
  let viewedAt = openedAt;

  const see = (about: string, isOnline: boolean) => {
    const before = view.get(about);
    if (before?.isOnline === isOnline) return;
    if (before?.isOnline && !isOnline) departed.push(about);
    view.set(about, { isOnline, since: performance.now() });
  };
  return {
    takeStatus: ({ userId, isOnline }) => see(userId, isOnline),
    takeSnapshot({ users, partial }) {
      for (const { userId, isOnline } of users) see(userId, isOnline);
      if (partial) return false;
      const named = new Set(users.map(({ userId }) => userId));
      for (const about of view.keys()) if (!named.has(about)) see(about, false);
      viewedAt = performance.now();
      return true;
    },
    sees: (about) => view.get(about) ?? { isOnline: false, since: viewedAt },
    departures: (counts = () => true) => departed.filter(counts).length,
  };
}
