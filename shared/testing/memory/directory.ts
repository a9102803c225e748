import { PresenceError } from "../../src/codes.ts";
import {
  type Directory,
  type DirectoryWriter,
  OWN_BLOCKS_MAX,
  type PresenceStore,
} from "../../src/directory.ts";
import { isStorable } from "../../src/ids.ts";
import { STATUS_TEXT_MAX } from "../../src/status.ts";
import { conversationsOf, isSessionGood, type MemoryPerson, type MemoryTables } from "./tables.ts";

/** People, memberships and blocks in memory. */
export function createMemoryDirectory(tables: MemoryTables): Directory & PresenceStore {
  const { people, conversations, blocks, shareLinks } = tables;
  const find = <T>(ids: readonly string[], pick: (person: MemoryPerson) => T): Map<string, T> =>
    new Map(
      [...new Set(ids)].flatMap((id) => {
        const person = people.get(id);
        return person ? [[id, pick(person)] as const] : [];
      }),
    );
  const membersOf = (conversationId: string) =>
    [...people.keys()].filter((id) => conversationsOf(tables, id).includes(conversationId));

  return {
    users: async (ids) => find(ids, ({ user }) => user),
    presences: async (ids) =>
      find(ids, ({ presence }) => ({
        ...presence,
        statusText: presence.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
      })),
    conversations: async (userId) =>
      conversationsOf(tables, userId).flatMap((id) => conversations.get(id) ?? []),
    members: async (conversationId) => membersOf(conversationId),
    async memberCounts(conversationIds) {
      const counts = conversationIds.map((id) => [id, membersOf(id).length] as const);
      return new Map(counts.filter(([, count]) => count > 0));
    },
    async blocks(userId) {
      const by = [...blocks].flatMap(([blockerId, blocked]) => (blocked.has(userId) ? [blockerId] : []));
      return [...new Set([...(blocks.get(userId) ?? []), ...by])];
    },
    async anonymousSessions(sessionTokens) {
      const open = [...people.values()].flatMap((person) => {
        const { user, guest } = person;
        if (!guest || !sessionTokens.includes(guest.sessionToken) || !isSessionGood(tables, person))
          return [];
        const { sessionToken, conversationId, shareLinkId } = guest;
        const expiresAt = shareLinks.get(shareLinkId)?.expiresAt ?? null;
        const session = { participantId: user.id, username: user.username, conversationId, expiresAt };
        return [[sessionToken, session] as const];
      });
      return new Map(open);
    },
    writer: createMemoryWriter(tables),
  };
}

function createMemoryWriter(tables: MemoryTables): DirectoryWriter {
  const { people, conversations, memberships, blocks } = tables;
  const registered = (id: string): MemoryPerson => {
    const person = people.get(id);
    if (!person || person.guest) throw notFound();
    return person;
  };
  const setActive = (person: MemoryPerson, isActive: boolean): boolean => {
    if (person.user.isActive === isActive) return false;
    people.set(person.user.id, { ...person, user: { ...person.user, isActive } });
    return true;
  };
  const setMember = (conversationId: string, userId: string, isMember: boolean): boolean => {
    const guest = people.get(userId);
    if (guest?.guest?.conversationId === conversationId) return setActive(guest, isMember);
    registered(userId);
    if (!conversations.has(conversationId)) throw notFound();
    const own = memberships.get(userId) ?? new Map<string, boolean>();
    if ((own.get(conversationId) ?? false) === isMember) return false;
    memberships.set(userId, own.set(conversationId, isMember));
    return true;
  };

  return {
    async setPreferences(userId, changes) {
      const person = registered(userId);
      const user = { ...person.user, ...changes };
      people.set(userId, { ...person, user });
      return { showOnlineStatus: user.showOnlineStatus, showLastSeen: user.showLastSeen };
    },
    async block(blockerId, blockedId) {
      if (blockerId === blockedId) throw new PresenceError("bad_request", "You cannot block yourself.");
      registered(blockerId);
      if (blockedId.includes("\0")) throw notFound();
      const own = blocks.get(blockerId) ?? new Set();
      if (own.size >= OWN_BLOCKS_MAX && !own.has(blockedId))
        throw new PresenceError("too_many_ids", `At most ${OWN_BLOCKS_MAX} people can be blocked.`);
      const isNew = !own.has(blockedId);
      blocks.set(blockerId, own.add(blockedId));
      return isNew;
    },
    unblock: async (blockerId, blockedId) => blocks.get(blockerId)?.delete(blockedId) ?? false,
    blockedBy: async (blockerId, { after, limit }) =>
      [...(blocks.get(blockerId) ?? [])]
        .filter((id) => isStorable(after) && id > after)
        .sort()
        .slice(0, limit),
    async shareConversation(userId, otherId) {
      const theirs = conversationsOf(tables, otherId);
      return conversationsOf(tables, userId).some((id) => theirs.includes(id));
    },
    addMember: async (conversationId, userId, by) => {
      const isAllowed = by === undefined || mayAdd(tables, conversationId, { userId, by });
      if (!isAllowed) throw notFound();
      return setMember(conversationId, userId, true);
    },
    removeMember: async (conversationId, userId) => setMember(conversationId, userId, false),
    async deactivate(userId) {
      const person = people.get(userId);
      return person !== undefined && setActive(person, false);
    },
    async revokeSessions(userId) {
      const person = people.get(userId);
      if (!person) return false;
      people.set(userId, { ...person, user: { ...person.user, sessionsRevokedAt: tables.now() } });
      return true;
    },
  };
}

/** Members add those with whom they share a conversation already, and who were never here; one who has left comes back by themselves. */
function mayAdd(
  tables: MemoryTables,
  conversationId: string,
  { userId, by }: { userId: string; by: string },
): boolean {
  const [mine, theirs] = [conversationsOf(tables, by), conversationsOf(tables, userId)];
  if (by !== userId && !mine.includes(conversationId)) return false;
  if (theirs.includes(conversationId)) return true;
  const wasHere = tables.memberships.get(userId)?.has(conversationId) ?? false;
  return by === userId ? wasHere : !wasHere && theirs.some((id) => mine.includes(id));
}

const notFound = () => new PresenceError("not_found", "There is no such person or conversation.");
