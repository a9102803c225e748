import type { UserStatus } from "@meeshy/shared/status";
import {
  decodeMemberCursor,
  encodeMemberCursor,
  FIRST_PAGE,
  firstAfter,
  indexAfter,
  isAmong,
  type MemberCursor,
} from "../core/member-order.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Reader, StatusReader } from "../status/status-reader.ts";
import type { LargeRooms } from "./large-rooms.ts";

/**
 * The members of one conversation as a member sees them, page by page (CONTRACT 5). A page costs two statements, however
 * many members there are: they all share this conversation, so where else they are is not asked.
 */
export interface MemberPages {
  /**
   * `limit`: 1 to 500. The counts are common to all viewers in a large conversation; elsewhere they leave out whom the
   * viewer may not see.
   * @throws {PresenceError} `bad_request`: the cursor; `unavailable`: statuses can be known from nowhere
   */
  read(
    reader: Reader,
    conversationId: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<{ users: UserStatus[]; online: number; total: number; nextCursor: string | null }>;
}

export interface MemberPageDeps {
  directory: Pick<CachedDirectory, "members">;
  feed: Pick<StatusFeed, "onlineIn">;
  statuses: Pick<StatusReader, "readMembers">;
  largeRooms: Pick<LargeRooms, "count">;
}

interface Page {
  users: UserStatus[];
  next: MemberCursor | null;
}

export function createMemberPages({ directory, feed, statuses, largeRooms }: MemberPageDeps): MemberPages {
  const membersOf = async (conversationId: string) => (await directory.members.get(conversationId)) ?? [];
  /** Members of whom the feed says that they are online. */
  const presentAfter = (
    conversationId: string,
    members: readonly string[],
    from: { after: string; limit: number },
  ) => firstAfter(feed.onlineIn(conversationId), from, (id) => isAmong(members, id));

  /** Those of a part behind an id, in portions of at most `limit`, until there are so many. */
  const fill = async (
    reader: Reader,
    candidates: (after: string) => readonly string[],
    isWanted: (status: UserStatus) => boolean,
    from: { after: string; limit: number },
  ): Promise<{ users: UserStatus[]; after: string | null }> => {
    const users: UserStatus[] = [];
    for (let { after } = from; ; ) {
      const portion = candidates(after);
      for (const status of (await statuses.readMembers(reader, portion)).filter(isWanted)) {
        users.push(status);
        if (users.length === from.limit) return { users, after: status.userId };
      }
      const last = portion.at(-1);
      if (last === undefined || portion.length < from.limit) return { users, after: null };
      after = last;
    }
  };

  const readPage = async (
    reader: Reader,
    conversationId: string,
    { part, after }: MemberCursor,
    limit: number,
  ): Promise<Page> => {
    const members = await membersOf(conversationId);
    const present = feed.onlineIn(conversationId);
    const isInFirst = ({ userId, isOnline }: UserStatus) => isOnline && present.has(userId);
    const users: UserStatus[] = [];
    if (part === "online") {
      const found = await fill(
        reader,
        (behind) => presentAfter(conversationId, members, { after: behind, limit }),
        isInFirst,
        { after, limit },
      );
      if (found.after !== null) return { users: found.users, next: { part, after: found.after } };
      users.push(...found.users);
    }
    const others = await fill(
      reader,
      (behind) => {
        const at = indexAfter(members, behind);
        return members.slice(at, at + limit);
      },
      (status) => !isInFirst(status),
      { after: part === "others" ? after : "", limit: limit - users.length },
    );
    users.push(...others.users);
    return { users, next: others.after === null ? null : { part: "others", after: others.after } };
  };

  /** How many are online: as the viewer sees them, unless there are so many that the counts are common. */
  const count = async (reader: Reader, conversationId: string) => {
    const { online, total } = await largeRooms.count(conversationId);
    if (online !== null) return { online, total };
    const members = await membersOf(conversationId);
    const present = presentAfter(conversationId, members, { after: "", limit: members.length });
    const seen = await statuses.readMembers(reader, present);
    return { online: seen.filter(({ isOnline }) => isOnline).length, total };
  };

  return {
    async read(reader, conversationId, { limit, cursor }) {
      const from = cursor === undefined ? FIRST_PAGE : decodeMemberCursor(cursor);
      const [{ users, next }, { online, total }] = await Promise.all([
        readPage(reader, conversationId, from, limit),
        count(reader, conversationId),
      ]);
      return { users, online, total, nextCursor: next && encodeMemberCursor(next) };
    },
  };
}
