import { setTimeout as sleep } from "node:timers/promises";
import { PresenceError } from "@meeshy/shared/codes";
import type { Profile } from "@meeshy/shared/events";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { WriteOrder } from "../log/orders.ts";
import type { AppliedChanges } from "./applied-changes.ts";
import type { ReadPerson } from "./person-reader.ts";

/** Tells every gateway, through the log, that the directory has changed (DESIGN "directoryVersion"). */
export interface DirectoryChanges {
  /**
   * The directory says something new of this person (profile, preferences, blocks, memberships): every
   * gateway re-reads it and corrects what viewers see. Resolves when it is in the log and, unless no worker
   * answers in time, carried out on this gateway. Rejects with `unavailable` when it cannot be told now; it
   * is told as soon as it can be.
   */
  announce(userId: string): Promise<void>;
  stop(): void;
}

export interface DirectoryChangesDeps {
  readPerson: ReadPerson;
  order: WriteOrder;
  applied: AppliedChanges;
  feed: Pick<StatusFeed, "shown">;
  directory: Pick<CachedDirectory, "forgetPerson">;
  logger: Logger;
}

/** How long whoever made a change waits to hear that it was told. */
const PATIENCE_MS = 2_000;
const APPLIED_WITHIN_MS = 1_000;
const RETRY_MS = 1_000;

export function createDirectoryChanges(deps: DirectoryChangesDeps): DirectoryChanges {
  const { readPerson, order, applied, feed, directory, logger } = deps;
  const ending = new AbortController();

  /** What a worker is told of somebody whom the directory no longer has, but viewers may. */
  const nobody = (userId: string): Profile | undefined =>
    feed.shown(userId) && {
      username: null,
      isAnonymous: false,
      conversationIds: [],
      availability: "available",
      statusText: null,
      availabilityExpiresAt: null,
      lastActiveAt: null,
      lastSeen: null,
    };
  const read = async (userId: string) => (await readPerson(userId)) ?? nobody(userId);

  /**
   * Another gateway may have read an earlier state and written it later: whoever wrote last reads once more,
   * and finds every change that came before.
   */
  const tell = async (userId: string) => {
    let profile = await read(userId);
    while (profile && !ending.signal.aborted) {
      const seq = await order(userId, { type: "directory", profile });
      await untilApplied(userId, seq);
      const now = await read(userId);
      if (!now || isSamePerson(profile, now)) return;
      profile = now;
    }
  };

  const untilApplied = async (userId: string, seq: number) => {
    const late = Symbol("late");
    const timer = sleep(APPLIED_WITHIN_MS, late, { ref: false });
    if ((await Promise.race([applied.wait(userId, seq), timer])) === late) directory.forgetPerson(userId);
  };

  const tellUntilDone = async (userId: string) => {
    for (;;) {
      try {
        await tell(userId);
        return;
      } catch (error) {
        logger.warn({ userId, err: error }, "change in the directory not told yet");
        await sleep(RETRY_MS, undefined, { signal: ending.signal });
      }
    }
  };

  return {
    async announce(userId) {
      const late = Symbol("late");
      const told = tellUntilDone(userId).catch(() => late);
      const timer = sleep(PATIENCE_MS, late, { ref: false });
      if ((await Promise.race([told, timer])) === late)
        throw new PresenceError("unavailable", "The change is made, and not told everywhere yet.");
    },
    stop: () => ending.abort(),
  };
}

/** Dates move between two readings; who this is, and where they belong, does not. */
function isSamePerson(a: Profile, b: Profile): boolean {
  return (
    a.username === b.username &&
    a.isAnonymous === b.isAnonymous &&
    String(a.conversationIds) === String(b.conversationIds)
  );
}
