import { PresenceError } from "@meeshy/shared/codes";
import type { Profile } from "@meeshy/shared/events";
import { isSamePerson, personOf } from "@meeshy/shared/person-profile";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { AppliedChanges } from "../delivery/applied-changes.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { PublishUnnumbered } from "../log/unnumbered-publisher.ts";

/** Announces to every gateway, through the log, that the directory has changed (ARCHITECTURE "Streams and buckets"). */
export interface DirectoryChanges {
  /**
   * The directory says something new of this person (profile, preferences, blocks, memberships): every
   * gateway re-reads it and corrects what viewers see. Resolves when it is in the log and, unless no worker
   * answers in time, carried out on this gateway. Rejects with `unavailable` when it cannot be published
   * now; it is published as soon as it can be.
   */
  announce(userId: string): Promise<void>;
  stop(): void;
}

export interface DirectoryChangesDeps {
  clock: Clock;
  publishUnnumbered: PublishUnnumbered;
  applied: Pick<AppliedChanges, "wait">;
  feed: Pick<StatusFeed, "shown">;
  directory: Pick<CachedDirectory, "readProfile" | "forgetPerson">;
  logger: Logger;
}

/** How long the author of a change waits for its publication. */
const PATIENCE_MS = 2_000;
const APPLIED_WITHIN_MS = 1_000;
const RETRY_MS = 1_000;

export function createDirectoryChanges(deps: DirectoryChangesDeps): DirectoryChanges {
  const { clock, publishUnnumbered, applied, feed, directory, logger } = deps;
  const ending = new AbortController();

  /** The profile of a person whom the directory no longer has, but viewers may. */
  const removed = (userId: string): Profile | undefined =>
    feed.shown(userId) && {
      ...personOf({ username: null, isAnonymous: false }, []),
      availability: "available",
      statusText: null,
      availabilityExpiresAt: null,
      lastActiveAt: null,
      lastSeen: null,
    };
  const read = async (userId: string) => (await directory.readProfile(userId)) ?? removed(userId);

  /**
   * Another gateway may have read an earlier state and written it later: the last writer reads once more,
   * and finds every change that came before. Dates move between two readings; who this is, and where they belong, does not.
   */
  const publish = async (userId: string) => {
    let profile = await read(userId);
    while (profile && !ending.signal.aborted) {
      const seq = await publishUnnumbered(userId, { type: "directory", profile });
      await untilApplied(userId, seq);
      const now = await read(userId);
      if (!now || isSamePerson(profile, now)) return;
      profile = now;
    }
  };

  const untilApplied = async (userId: string, seq: number) => {
    const late = Symbol("late");
    const timer = clock.sleep(APPLIED_WITHIN_MS, ending.signal).then(() => late);
    if ((await Promise.race([applied.wait(userId, seq), timer])) === late) directory.forgetPerson(userId);
  };

  /** publications that wait before their next attempt, which reads the person anew: a later change is theirs too */
  const waiting = new Map<string, Promise<boolean>>();

  /** `false`: this gateway stops first. */
  const publishUntilDone = (userId: string): Promise<boolean> => {
    const { promise: done, resolve } = Promise.withResolvers<boolean>();
    const attempts = async () => {
      while (!ending.signal.aborted) {
        try {
          await publish(userId);
          return !ending.signal.aborted;
        } catch (error) {
          logger.warn({ userId, err: error }, "directory change not published yet");
          waiting.set(userId, done);
          await clock.sleep(RETRY_MS, ending.signal);
          waiting.delete(userId);
        }
      }
      return false;
    };
    resolve(attempts());
    return done;
  };

  return {
    async announce(userId) {
      const published = waiting.get(userId) ?? publishUntilDone(userId);
      const timer = clock.sleep(PATIENCE_MS, ending.signal).then(() => false);
      if (!(await Promise.race([published, timer])))
        throw new PresenceError(
          "unavailable",
          "The change is stored, but not published to every gateway yet.",
        );
    },
    stop: () => ending.abort(),
  };
}
