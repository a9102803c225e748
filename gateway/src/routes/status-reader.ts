import { PresenceError } from "@meeshy/shared/codes";
import type { UserStatus } from "@meeshy/shared/status";
import { mergeStatus } from "../core/merge-status.ts";
import { type Relation, readStatus, relationTo, type Viewer } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/** Reads people's statuses as one viewer may see them (CONTRACT 5), from the replica and the stored rows. */
export interface StatusReader {
  /** One status for each id, in the order asked. Rejects with `unavailable` when one can be known from nowhere. */
  read(caller: Reader, userIds: readonly string[]): Promise<UserStatus[]>;
  /** The same for nobody in particular: what anyone may see who shares a conversation and is not blocked. */
  readAsSharer(userIds: readonly string[]): Promise<UserStatus[]>;
}

/** Through whose eyes is read. */
export interface Reader {
  user: { id: string };
  isAdmin: boolean;
}

export function createStatusReader({
  directory,
  feed,
}: {
  directory: CachedDirectory;
  feed: StatusFeed;
}): StatusReader {
  const viewerOf = async ({ user, isAdmin }: Reader): Promise<Viewer> => {
    const [conversations, blocked] = await Promise.all([
      directory.conversations.get(user.id),
      directory.blocks.get(user.id),
    ]);
    const conversationIds = new Set(conversations?.map(({ id }) => id));
    return { id: user.id, isAdmin, conversationIds, blocked: blocked ?? new Set() };
  };

  /** Without a reader, whoever asks shares a conversation with everyone. */
  const readAs = async (reader: Reader | undefined, userIds: readonly string[]): Promise<UserStatus[]> => {
    const [viewer, users] = await Promise.all([reader && viewerOf(reader), directory.users.getMany(userIds)]);
    const known = [...users.keys()];
    const published = new Map(known.map((id) => [id, feed.get(id)]));
    const [conversations, rows] = await Promise.all([
      directory.conversations.getMany(viewer ? known.filter((id) => !published.get(id)) : []),
      // The replica alone serves while the database is away.
      directory.presences.getMany(known).catch(() => undefined),
    ]);
    return userIds.map((userId) => {
      const user = users.get(userId);
      if (!user) return readStatus("stranger", userId, undefined, undefined);
      const message = published.get(userId);
      const conversationIds =
        message?.conversationIds ?? (conversations.get(userId) ?? []).map(({ id }) => id);
      const relation: Relation = viewer ? relationTo(viewer, userId, conversationIds) : "sharer";
      if (!message && !rows && relation !== "stranger") {
        throw new PresenceError("unavailable", "The database cannot be reached now.");
      }
      return readStatus(relation, userId, user, mergeStatus(user, message, rows?.get(userId)));
    });
  };

  return {
    read: readAs,
    readAsSharer: (userIds) => readAs(undefined, userIds),
  };
}
