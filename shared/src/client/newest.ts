import { hiddenStatus, newsIn, type StatusMessage } from "../status.ts";

/**
 * The newest status of each person so far. A status goes on only if it is newer: a greater `(epoch, version)`,
 * or the same one with more news of the directory. So no person's status goes back, in whatever order statuses are read.
 */
export interface Newest {
  get(userId: string): StatusMessage | undefined;
  userIds(): string[];
  /** Keeps the status; gives whether it is newer than what was known. */
  take(status: StatusMessage): boolean;
  /** The stream holds nothing of this person, who thus is offline: the status to deliver, unless that is known. */
  takeAbsence(userId: string): StatusMessage | undefined;
}

/** Knows no person yet; it holds one status for each person that was ever taken. */
export function createNewest(): Newest {
  const known = new Map<string, StatusMessage>();
  return {
    get: (userId) => known.get(userId),
    userIds: () => [...known.keys()],
    take(status) {
      const former = known.get(status.userId);
      const news = former ? newsIn(status, former) : "change";
      // The worker that stores statuses has put the news of a person into the newest one.
      if (news === "nothing" || news === "person") return false;
      known.set(status.userId, status);
      return true;
    },
    takeAbsence(userId) {
      const former = known.get(userId);
      if (former && !former.isOnline) return undefined;
      const status = former
        ? {
            ...former,
            isOnline: false,
            availability: "available" as const,
            statusText: null,
            statusExpiresAt: null,
          }
        : { ...hiddenStatus(userId, null), conversationIds: [], directoryVersion: 0 };
      known.set(userId, status);
      return status;
    },
  };
}
