import type { StatusFeed } from "../feed/status-feed.ts";

/** Which changes of the directory have been carried out on this gateway, for callers that wait for one. */
export interface AppliedChanges {
  /** Resolves once the change of this directory version, or a later one, has been carried out here. */
  wait(userId: string, directoryVersion: number): Promise<void>;
  /** All changes of this person that the feed has shown have been carried out. */
  note(userId: string): void;
}

export function createAppliedChanges(feed: Pick<StatusFeed, "shown">): AppliedChanges {
  const waiting = new Map<string, { directoryVersion: number; resolve: () => void }[]>();
  return {
    wait: (userId, directoryVersion) =>
      new Promise((resolve) => {
        const others = waiting.get(userId) ?? [];
        waiting.set(userId, [...others, { directoryVersion, resolve }]);
      }),
    note(userId) {
      const known = feed.shown(userId)?.directoryVersion ?? 0;
      const { done = [], open = [] } = Object.groupBy(waiting.get(userId) ?? [], ({ directoryVersion }) =>
        directoryVersion <= known ? "done" : "open",
      );
      if (open.length > 0) waiting.set(userId, open);
      else waiting.delete(userId);
      for (const { resolve } of done) resolve();
    },
  };
}
