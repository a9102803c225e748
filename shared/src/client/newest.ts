import { compareVersions, hiddenStatus, type StatusMessage } from "../status.ts";

/**
 * The newest status of each person so far. A status goes on only if it is newer: a greater `(epoch, version)`,
 * or the same one with more news of the directory. So whatever order they are read in, nobody goes back.
 */
export interface Newest {
  get(userId: string): StatusMessage | undefined;
  userIds(): string[];
  /** Keeps the status and tells whether it is newer than what was known. */
  take(status: StatusMessage): boolean;
  /** The stream holds nothing of this person, who thus is offline: the status to tell, unless that is known. */
  takeAbsence(userId: string): StatusMessage | undefined;
}

export function createNewest(): Newest {
  const known = new Map<string, StatusMessage>();
  return {
    get: (userId) => known.get(userId),
    userIds: () => [...known.keys()],
    take(status) {
      const former = known.get(status.userId);
      if (former && order(status, former) <= 0) return false;
      known.set(status.userId, status);
      return true;
    },
    takeAbsence(userId) {
      const former = known.get(userId);
      if (former && !former.isOnline) return undefined;
      const status = former
        ? { ...former, isOnline: false, availability: "available" as const, statusText: null }
        : { ...hiddenStatus(userId, null), conversationIds: [], directoryVersion: 0 };
      known.set(userId, status);
      return status;
    },
  };
}

const order = (a: StatusMessage, b: StatusMessage): number =>
  compareVersions(a, b) || a.directoryVersion - b.directoryVersion;
