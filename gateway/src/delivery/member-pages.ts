import type { UserStatus } from "@meeshy/shared/status";
import {
  decodeMemberCursor,
  encodeMemberCursor,
  FIRST_PAGE,
  firstAfter,
  isAmong,
  type MemberCursor,
  nextOf,
} from "../core/member-order.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
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
   * @throws {PresenceError} `bad_request`: the cursor; `rate_limited`: the reader's lists carried too many entries;
   * `unavailable`: statuses can be known from nowhere
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
  limits: Pick<Limits, "entriesOf" | "entriesReadBy">;
}

/** Reads statuses for one page. */
type Read = (userIds: readonly string[]) => Promise<UserStatus[]>;

/** People who are read at once to find those of a page. */
const PORTION_MAX = 500;
/** As many as bring what is missing where one finds as many among them as in the portion before. */
const nextPortion = (missing: number, read: number, found: number): number =>
  found === 0 ? 2 * read : Math.ceil((missing * read) / found);

interface Page {
  users: UserStatus[];
  next: MemberCursor | null;
}

export function createMemberPages(deps: MemberPageDeps): MemberPages {
  const { directory, feed, statuses, largeRooms, limits } = deps;
  const membersOf = async (conversationId: string) => (await directory.members.get(conversationId)) ?? [];
  /** Members of whom the feed says that they are online. */
  const presentAfter = (
    conversationId: string,
    members: readonly string[],
    from: { after: string; limit: number },
  ) => firstAfter(feed.onlineIn(conversationId), from, (id) => isAmong(members, id));

  /** Charges the reader for the page before it is read, and for what is read beyond it to find its people. */
  const readBy = (reader: Reader, page: number): Read => {
    limits.entriesOf(reader.user.id, page);
    let paid = page;
    return (userIds) => {
      const beyond = userIds.length - paid;
      paid = Math.max(0, -beyond);
      if (beyond > 0) limits.entriesReadBy(reader.user.id, beyond);
      return statuses.readMembers(reader, userIds);
    };
  };

  /** Those of a part behind an id, in portions, until there are so many. */
  const fill = async (
    read: Read,
    candidates: (from: { after: string; limit: number }) => readonly string[],
    isWanted: (status: UserStatus) => boolean,
    from: { after: string; limit: number },
  ): Promise<{ users: UserStatus[]; after: string | null }> => {
    const users: UserStatus[] = [];
    for (let { after, limit } = from; ; ) {
      const portion = candidates({ after, limit });
      const wanted = (await read(portion)).filter(isWanted);
      for (const status of wanted) {
        users.push(status);
        if (users.length === from.limit) return { users, after: status.userId };
      }
      const last = portion.at(-1);
      if (last === undefined || portion.length < limit) return { users, after: null };
      after = last;
      const missing = from.limit - users.length;
      limit = Math.min(PORTION_MAX, nextPortion(missing, portion.length, wanted.length));
    }
  };

  const readPage = async (
    read: Read,
    conversationId: string,
    members: readonly string[],
    { part, after, limit }: MemberCursor & { limit: number },
  ): Promise<Page> => {
    const present = feed.onlineIn(conversationId);
    const isInFirst = ({ userId, isOnline }: UserStatus) => isOnline && present.has(userId);
    const users: UserStatus[] = [];
    if (part === "online") {
      const found = await fill(read, (from) => presentAfter(conversationId, members, from), isInFirst, {
        after,
        limit,
      });
      users.push(...found.users);
      if (users.length >= members.length) return { users, next: null };
      if (found.after !== null) return { users, next: { part, after: found.after } };
    }
    const onPage = new Set(users.map(({ userId }) => userId));
    const others = await fill(
      read,
      (from) => nextOf(members, from, (id) => !onPage.has(id)),
      (status) => !isInFirst(status),
      { after: part === "others" ? after : "", limit: limit - users.length },
    );
    users.push(...others.users);
    return { users, next: others.after === null ? null : { part: "others", after: others.after } };
  };

  /** How many are online: as the viewer sees them, unless there are so many that the counts are common. */
  const count = async (read: Read, conversationId: string, members: readonly string[]) => {
    const { online, total } = await largeRooms.count(conversationId);
    if (online !== null) return { online, total };
    const seen = await read(presentAfter(conversationId, members, { after: "", limit: members.length }));
    return { online: seen.filter(({ isOnline }) => isOnline).length, total };
  };

  return {
    async read(reader, conversationId, { limit, cursor }) {
      const from = cursor === undefined ? FIRST_PAGE : decodeMemberCursor(cursor);
      const members = await membersOf(conversationId);
      const read = readBy(reader, Math.min(limit, members.length));
      const [{ users, next }, { online, total }] = await Promise.all([
        readPage(read, conversationId, members, { ...from, limit }),
        count(read, conversationId, members),
      ]);
      return { users, online, total, nextCursor: next && encodeMemberCursor(next) };
    },
  };
}
