import { PresenceError } from "@meeshy/shared/codes";
import type { UserStatus } from "@meeshy/shared/status";
import type { Identity } from "../auth/authenticate.ts";
import { mergeStatus } from "../core/merge-status.ts";
import { readStatus, relationTo, type Viewer } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/** Reads people's statuses as one viewer may see them (CONTRACT 5), from the replica and the stored rows. */
export interface StatusReader {
  /** One status for each id, in the order asked. Rejects with `unavailable` when one can be known from nowhere. */
  read(caller: Identity, userIds: readonly string[]): Promise<UserStatus[]>;
}

export function createStatusReader({
  directory,
  feed,
}: {
  directory: CachedDirectory;
  feed: StatusFeed;
}): StatusReader {
  const viewerOf = async ({ user, isAdmin }: Identity): Promise<Viewer> => {
    const [conversations, blocked] = await Promise.all([
      directory.conversations.get(user.id),
      directory.blocks.get(user.id),
    ]);
    const conversationIds = new Set(conversations?.map(({ id }) => id));
    return { id: user.id, isAdmin, conversationIds, blocked: blocked ?? new Set() };
  };

  return {
    async read(caller, userIds) {
      const [viewer, users] = await Promise.all([viewerOf(caller), directory.users.getMany(userIds)]);
      const known = [...users.keys()];
      const published = new Map(known.map((id) => [id, feed.get(id)]));
      const [conversations, rows] = await Promise.all([
        directory.conversations.getMany(known.filter((id) => !published.get(id))),
        // The replica alone serves while the database is away.
        directory.presences.getMany(known).catch(() => undefined),
      ]);
      return userIds.map((userId) => {
        const user = users.get(userId);
        if (!user) return readStatus("stranger", userId, undefined, undefined);
        const message = published.get(userId);
        const conversationIds =
          message?.conversationIds ?? (conversations.get(userId) ?? []).map(({ id }) => id);
        const relation = relationTo(viewer, userId, conversationIds);
        if (!message && !rows && relation !== "stranger") {
          throw new PresenceError("unavailable", "The database cannot be reached now.");
        }
        return readStatus(relation, userId, user, mergeStatus(user, message, rows?.get(userId)));
      });
    },
  };
}
