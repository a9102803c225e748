import {
  type AnonymousSession,
  type ConversationSummary,
  type Directory,
  type DirectoryUser,
  LIST_MAX,
  PERSON_CONVERSATIONS_MAX,
  type Person,
  type PresenceStore,
  type StoredPresence,
} from "../directory.ts";
import { isAnonymousId, isStorable, splitIds } from "../ids.ts";
import { STATUS_TEXT_MAX } from "../status.ts";
import { deactivate, revokeSessions } from "./accounts.ts";
import type { Database } from "./client.ts";
import { addMember, removeMember, shareConversation } from "./members.ts";
import { block, blockedBy, setPreferences, unblock } from "./preferences.ts";
import { storedDate } from "./stored-date.ts";

/** One more than what is kept shows that a list is longer. */
const CONVERSATIONS_READ = PERSON_CONVERSATIONS_MAX + 1;
const LIST_READ = LIST_MAX + 1;

/** The directory over our own tables (CONTRACT 6). Each call is one statement, two where both kinds of people are asked for. */
export function createPrismaDirectory(db: Database): Directory & PresenceStore {
  return {
    users: (ids) =>
      lookUp(ids, (user: DirectoryUser) => user.id, {
        registered: (registered) => db.read<DirectoryUser>("users")`
          SELECT "id", "username", "displayName", "role"::text AS "role", false AS "isAnonymous", "isActive",
                 "showOnlineStatus", "showLastSeen", (extract(epoch FROM "sessionsRevokedAt") * 1000)::float8 AS "sessionsRevokedAt"
          FROM "User" WHERE "id" = ANY(${registered})`,
        anonymous: (anonymous) => db.read<DirectoryUser>("guests")`
          SELECT "id", "username", NULL AS "displayName", 'USER' AS "role", true AS "isAnonymous", "isActive",
                 true AS "showOnlineStatus", true AS "showLastSeen",
                 (extract(epoch FROM "sessionsRevokedAt") * 1000)::float8 AS "sessionsRevokedAt"
          FROM "AnonymousParticipant" WHERE "id" = ANY(${anonymous})`,
      }),

    presences: (ids) =>
      lookUp(ids, (presence: StoredPresence) => presence.userId, {
        registered: async (registered) =>
          (
            await db.read<StoredRow>("presences")`
              SELECT "id", "isOnline", "lastActiveAt", "lastSeen", "availability"::text AS "availability",
                     "statusText", "availabilityExpiresAt", "presenceEpoch", "presenceVersion"
              FROM "User" WHERE "id" = ANY(${registered})`
          ).map(toPresence),
        anonymous: async (anonymous) =>
          (
            await db.read<StoredRow>("guestPresences")`
              SELECT "id", "isOnline", "lastActiveAt", "lastSeenAt" AS "lastSeen", 'available' AS "availability",
                     NULL AS "statusText", NULL::timestamptz AS "availabilityExpiresAt",
                     "presenceEpoch", "presenceVersion"
              FROM "AnonymousParticipant" WHERE "id" = ANY(${anonymous})`
          ).map(toPresence),
      }),

    async people(ids) {
      const { registered } = splitIds(ids);
      if (registered.length === 0) return new Map();
      const rows = await db.read<PersonRow>("people")`
        SELECT "id", "username", "displayName", "role"::text AS "role", "isActive", "showOnlineStatus",
               "showLastSeen", (extract(epoch FROM "sessionsRevokedAt") * 1000)::float8 AS "sessionsRevokedAt",
               "isOnline", "lastActiveAt", "lastSeen", "availability"::text AS "availability",
               "statusText", "availabilityExpiresAt", "presenceEpoch", "presenceVersion",
          ARRAY(SELECT c."id" FROM "ConversationMember" m JOIN "Conversation" c ON c."id" = m."conversationId"
                WHERE m."userId" = u."id" AND m."isActive"
                ORDER BY c."id" LIMIT ${CONVERSATIONS_READ}) AS "conversationIds",
          ARRAY(SELECT c."title" FROM "ConversationMember" m JOIN "Conversation" c ON c."id" = m."conversationId"
                WHERE m."userId" = u."id" AND m."isActive"
                ORDER BY c."id" LIMIT ${CONVERSATIONS_READ}) AS "titles",
          ARRAY(SELECT "blockedId" FROM "UserBlock" WHERE "blockerId" = u."id"
                UNION SELECT "blockerId" FROM "UserBlock" WHERE "blockedId" = u."id"
                LIMIT ${LIST_READ}) AS "blocks"
        FROM "User" u WHERE "id" = ANY(${registered})`;
      return new Map(rows.map((row) => [row.id, toPerson(row)]));
    },

    async contacts(conversationIds) {
      const ids = conversationIds.filter(isStorable);
      if (ids.length === 0) return [];
      return db.read<DirectoryUser>("contacts")`
        SELECT "id", "username", "displayName", "role"::text AS "role", false AS "isAnonymous", "isActive",
               "showOnlineStatus", "showLastSeen", (extract(epoch FROM "sessionsRevokedAt") * 1000)::float8 AS "sessionsRevokedAt"
        FROM "User" WHERE "id" IN (
          SELECT "userId" FROM "ConversationMember" WHERE "conversationId" = ANY(${ids}) AND "isActive")
        UNION ALL
        SELECT "id", "username", NULL, 'USER', true, "isActive", true, true,
               (extract(epoch FROM "sessionsRevokedAt") * 1000)::float8
        FROM "AnonymousParticipant" WHERE "conversationId" = ANY(${ids}) AND "isActive"
        LIMIT ${LIST_READ}`;
    },

    conversationsOf: async (userIds) => {
      const found = await lookUp(userIds, (row: ConversationsRow) => row.id, {
        registered: (registered) => db.read<ConversationsRow>("conversationsOf")`
          SELECT id,
            ARRAY(SELECT c."id" FROM "ConversationMember" m JOIN "Conversation" c ON c."id" = m."conversationId"
                  WHERE m."userId" = person.id AND m."isActive"
                  ORDER BY c."id" LIMIT ${CONVERSATIONS_READ}) AS "conversationIds",
            ARRAY(SELECT c."title" FROM "ConversationMember" m JOIN "Conversation" c ON c."id" = m."conversationId"
                  WHERE m."userId" = person.id AND m."isActive"
                  ORDER BY c."id" LIMIT ${CONVERSATIONS_READ}) AS "titles"
          FROM unnest(${registered}::text[]) AS person(id)`,
        anonymous: (anonymous) => db.read<ConversationsRow>("guestConversationsOf")`
          SELECT p."id", ARRAY[c."id"] AS "conversationIds", ARRAY[c."title"] AS "titles"
          FROM "AnonymousParticipant" p JOIN "Conversation" c ON c."id" = p."conversationId"
          WHERE p."id" = ANY(${anonymous}) AND p."isActive"`,
      });
      return new Map(userIds.map((id) => [id, toConversations(found.get(id))]));
    },

    async conversations(userId) {
      if (!isStorable(userId)) return [];
      if (isAnonymousId(userId)) {
        return db.read<ConversationSummary>("guestConversations")`
          SELECT c."id", c."title" FROM "AnonymousParticipant" p JOIN "Conversation" c ON c."id" = p."conversationId"
          WHERE p."id" = ${userId} AND p."isActive"`;
      }
      return db.read<ConversationSummary>("conversations")`
        SELECT c."id", c."title" FROM "ConversationMember" m JOIN "Conversation" c ON c."id" = m."conversationId"
        WHERE m."userId" = ${userId} AND m."isActive"
        ORDER BY c."id" LIMIT ${CONVERSATIONS_READ}`;
    },

    async members(conversationId) {
      if (!isStorable(conversationId)) return [];
      const rows = await db.read<{ id: string }>("members")`
        SELECT "userId" AS "id" FROM "ConversationMember" WHERE "conversationId" = ${conversationId} AND "isActive"
        UNION ALL
        SELECT "id" FROM "AnonymousParticipant" WHERE "conversationId" = ${conversationId} AND "isActive"
        LIMIT ${LIST_READ}`;
      return rows.map(({ id }) => id);
    },

    async memberCounts(conversationIds) {
      const ids = conversationIds.filter(isStorable);
      if (ids.length === 0) return new Map();
      const rows = await db.read<{ id: string; members: number }>("memberCounts")`
        SELECT "conversationId" AS "id", count(*) AS "members" FROM (
          SELECT "conversationId" FROM "ConversationMember"
          WHERE "conversationId" = ANY(${ids}) AND "isActive"
          UNION ALL
          SELECT "conversationId" FROM "AnonymousParticipant"
          WHERE "conversationId" = ANY(${ids}) AND "isActive"
        ) AS member GROUP BY "conversationId"`;
      return new Map(rows.map(({ id, members }) => [id, members]));
    },

    async blocks(userId) {
      if (!isStorable(userId)) return [];
      const rows = await db.read<{ id: string }>("blocks")`
        SELECT "blockedId" AS "id" FROM "UserBlock" WHERE "blockerId" = ${userId}
        UNION
        SELECT "blockerId" FROM "UserBlock" WHERE "blockedId" = ${userId}
        LIMIT ${LIST_READ}`;
      return rows.map(({ id }) => id);
    },

    async blocksOf(userIds) {
      const rows = await db.read<{ id: string; blocks: string[] }>("blocksOf")`
        SELECT id,
          ARRAY(SELECT "blockedId" FROM "UserBlock" WHERE "blockerId" = person.id
                UNION SELECT "blockerId" FROM "UserBlock" WHERE "blockedId" = person.id
                LIMIT ${LIST_READ}) AS "blocks"
        FROM unnest(${userIds.filter(isStorable)}::text[]) AS person(id)`;
      return new Map(rows.map(({ id, blocks }) => [id, blocks]));
    },

    async anonymousSessions(sessionTokens) {
      const tokens = sessionTokens.filter(isStorable);
      if (tokens.length === 0) return new Map();
      const rows = await db.read<AnonymousSession & { sessionToken: string }>("sessions")`
        SELECT p."sessionToken", p."id" AS "participantId", p."username", p."conversationId",
               (extract(epoch FROM l."expiresAt") * 1000)::float8 AS "expiresAt"
        FROM "AnonymousParticipant" p JOIN "ShareLink" l ON l."id" = p."shareLinkId"
        WHERE p."sessionToken" = ANY(${tokens}) AND p."isActive" AND p."sessionsRevokedAt" IS NULL
          AND l."isActive" AND (l."expiresAt" IS NULL OR l."expiresAt" > now())`;
      return new Map(rows.map(({ sessionToken, ...session }) => [sessionToken, session]));
    },

    writer: {
      setPreferences: (userId, changes) => setPreferences(db, userId, changes),
      block: (blockerId, blockedId) => block(db, blockerId, blockedId),
      unblock: (blockerId, blockedId) => unblock(db, blockerId, blockedId),
      blockedBy: (blockerId, page) => blockedBy(db, blockerId, page),
      shareConversation: (userId, otherId) => shareConversation(db, userId, otherId),
      addMember: (conversationId, userId, by) => addMember(db, conversationId, userId, by),
      removeMember: (conversationId, userId) => removeMember(db, conversationId, userId),
      deactivate: (userId) => deactivate(db, userId),
      revokeSessions: (userId) => revokeSessions(db, userId),
    },
  };
}

/** Asks the table of each kind of people that is named, and files the answers by id. */
async function lookUp<Row>(
  ids: readonly string[],
  idOf: (row: Row) => string,
  tables: { registered: (ids: string[]) => Promise<Row[]>; anonymous: (ids: string[]) => Promise<Row[]> },
): Promise<Map<string, Row>> {
  const { registered, anonymous } = splitIds(ids);
  const answers = await Promise.all([
    registered.length > 0 ? tables.registered(registered) : [],
    anonymous.length > 0 ? tables.anonymous(anonymous) : [],
  ]);
  return new Map(answers.flat().map((row) => [idOf(row), row]));
}

interface StoredRow {
  id: string;
  isOnline: boolean;
  lastActiveAt: string | null;
  lastSeen: string | null;
  availability: StoredPresence["availability"];
  statusText: string | null;
  availabilityExpiresAt: string | null;
  presenceEpoch: number;
  presenceVersion: number;
}

interface ConversationsRow {
  id: string;
  conversationIds: string[];
  titles: (string | null)[];
}

interface PersonRow extends StoredRow, ConversationsRow, Omit<DirectoryUser, "isAnonymous" | "id"> {
  blocks: string[];
}

const toConversations = (row: ConversationsRow | undefined): ConversationSummary[] =>
  (row?.conversationIds ?? []).map((id, at) => ({ id, title: row?.titles[at] ?? null }));

function toPerson(row: PersonRow): Person {
  const { id, username, displayName, role, isActive, showOnlineStatus, showLastSeen, sessionsRevokedAt } =
    row;
  const shown = { showOnlineStatus, showLastSeen };
  return {
    user: { id, username, displayName, role, isAnonymous: false, isActive, ...shown, sessionsRevokedAt },
    conversations: toConversations(row),
    blocks: row.blocks,
    presence: toPresence(row),
  };
}

const toPresence = (row: StoredRow): StoredPresence => ({
  userId: row.id,
  isOnline: row.isOnline,
  lastActiveAt: storedDate(row.lastActiveAt),
  lastSeen: storedDate(row.lastSeen),
  availability: row.availability,
  statusText: row.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
  availabilityExpiresAt: storedDate(row.availabilityExpiresAt),
  epoch: row.presenceEpoch,
  version: row.presenceVersion,
});
