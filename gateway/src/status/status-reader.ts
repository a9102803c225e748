import { PresenceError } from "@meeshy/shared/codes";
import type { UserStatus } from "@meeshy/shared/status";
import { mergeStatus } from "../core/merge-status.ts";
import { liveRelationTo, type Relation, readStatus, relationTo, type Viewer } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/** Reads people's statuses as one viewer may see them (CONTRACT 5), from the replica and the stored rows. */
export interface StatusReader {
  /** One status for each id, in the order asked. Rejects with `unavailable` when one can be known from nowhere. */
  read(caller: Reader, userIds: readonly string[]): Promise<UserStatus[]>;
  /** The same for people who are in a conversation of the caller's: where else they are is not asked. */
  readMembers(caller: Reader, userIds: readonly string[]): Promise<UserStatus[]>;
  /** The same without a viewer: what anyone may see who shares a conversation and is not blocked. */
  readAsSharer(userIds: readonly string[]): Promise<UserStatus[]>;
}

/** Through whose eyes is read. */
export interface Reader {
  user: { id: string };
  isAdmin: boolean;
  /** named by someone else, who learns of the person themselves no more than of others */
  isClaimed?: boolean;
}

/** What the reader is to a person who is in these conversations. */
type RelationOf = (userId: string, conversationIds: readonly string[]) => Relation;

export function createStatusReader({
  directory,
  feed,
}: {
  directory: CachedDirectory;
  feed: StatusFeed;
}): StatusReader {
  const viewerOf = async ({ user, isAdmin, isClaimed = false }: Reader): Promise<Viewer> => {
    const [conversations, blocked] = await Promise.all([
      directory.conversations.get(user.id),
      directory.blocks.get(user.id),
    ]);
    const conversationIds = new Set(conversations?.map(({ id }) => id));
    return { id: isClaimed ? null : user.id, isAdmin, conversationIds, blocked: blocked ?? new Set() };
  };

  const readBy = async (
    reader: Promise<RelationOf> | RelationOf,
    userIds: readonly string[],
    { asksWhere }: { asksWhere: boolean },
  ): Promise<UserStatus[]> => {
    const published = new Map(userIds.map((id) => [id, feed.get(id)]));
    const [relationOf, users] = await Promise.all([reader, directory.users.lookUp(userIds)]);
    const isStranger = (id: string) =>
      relationOf(id, published.get(id)?.conversationIds ?? []) === "stranger";
    // Strangers and unknown ids are asked for alike, and no further: the time that it takes tells nothing of them.
    const asked = asksWhere ? userIds.filter(isStranger) : [];
    const conversations = await directory.conversations.lookUp(asked).catch((error) => {
      if (asked.some((id) => !published.get(id))) throw error;
      return new Map<string, never>();
    });
    const relations = new Map(
      userIds.map((id) => {
        const found = conversations.get(id)?.map(({ id: conversationId }) => conversationId);
        return [id, relationOf(id, published.get(id)?.conversationIds ?? found ?? [])];
      }),
    );
    const seen = userIds.filter((id) => users.has(id) && relations.get(id) !== "stranger");
    // The replica alone serves while the database is away.
    const rows = await directory.presences.getMany(seen).catch(() => undefined);
    return userIds.map((userId) => {
      const user = users.get(userId);
      if (!user) return readStatus("stranger", userId, undefined, undefined);
      const message = published.get(userId);
      const relation = relations.get(userId) ?? "stranger";
      if (!message && !rows && relation !== "stranger") {
        throw new PresenceError("unavailable", "The database cannot be reached now.");
      }
      return readStatus(relation, userId, user, mergeStatus(user, message, rows?.get(userId)));
    });
  };

  return {
    read(reader, userIds) {
      const relationOf = viewerOf(reader).then(
        (viewer): RelationOf =>
          (id, where) =>
            relationTo(viewer, id, where),
      );
      return readBy(relationOf, userIds, { asksWhere: true });
    },
    readMembers({ user: { id }, isAdmin }, userIds) {
      const relationOf = directory.blocks.get(id).then((blocked = new Set()): RelationOf => {
        const viewer = { id, isAdmin, blocked };
        return (userId) => liveRelationTo(viewer, userId, true);
      });
      return readBy(relationOf, userIds, { asksWhere: false });
    },
    readAsSharer: (userIds) => readBy(() => "sharer", userIds, { asksWhere: false }),
  };
}
