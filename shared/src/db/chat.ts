import { PresenceError } from "../codes.ts";
import { isAnonymousId, isStorable } from "../ids.ts";
import { decodeCursor, encodeCursor } from "../message-cursor.ts";
import {
  type AddedMessage,
  MESSAGES_PAGE_MAX,
  type MessagePage,
  type NewMessage,
} from "../ports/chat-store.ts";
import type { ChatMessage } from "../socket-events.ts";
import type { Database } from "./client.ts";
import { messageId } from "./message-id.ts";

interface MessageRow {
  id: string;
  conversationId: string;
  senderId: string;
  content: string;
  createdAt: Date;
  clientId: string | null;
}

const toMessage = ({ clientId, ...row }: MessageRow): ChatMessage => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  ...(clientId === null ? {} : { clientId }),
});

/**
 * `ChatStore.add`. One that is being stored elsewhere under the same name is waited for.
 * @throws {PresenceError} `bad_request`: an id or the text holds a NUL
 */
export async function insertMessage(db: Database, message: NewMessage): Promise<AddedMessage> {
  const { conversationId, senderId, content, clientId = null } = message;
  if (![conversationId, senderId, content, clientId ?? ""].every(isStorable)) {
    throw new PresenceError("bad_request", "A message has no NUL characters.");
  }
  const [added] = await db.$queryRaw<MessageRow[]>`
    INSERT INTO "Message" ("id", "conversationId", "senderId", "content", "clientId")
    VALUES (${messageId()}, ${conversationId}, ${senderId}, ${content}, ${clientId})
    ON CONFLICT ("senderId", "clientId") DO NOTHING
    RETURNING "id", "conversationId", "senderId", "content", "createdAt", "clientId"`;
  if (added) return { message: toMessage(added), isNew: true };
  const first = await db.message.findUniqueOrThrow({
    where: { senderId_clientId: { senderId, clientId: clientId ?? "" } },
  });
  return { message: toMessage(first), isNew: false };
}

/**
 * `ChatStore.page`.
 * @throws {PresenceError} `bad_request`: the cursor is none of ours
 */
export async function listMessages(
  db: Database,
  conversationId: string,
  page: { cursor?: string; limit: number },
): Promise<MessagePage> {
  if (!isStorable(conversationId)) return { messages: [], nextCursor: null };
  const limit = Math.min(Math.max(1, Math.trunc(page.limit)), MESSAGES_PAGE_MAX);
  const before = page.cursor === undefined ? null : decodeCursor(page.cursor);
  // A row comparison, so that the index is entered at the cursor.
  const rows =
    before === null
      ? await db.$queryRaw<MessageRow[]>`
          SELECT "id", "conversationId", "senderId", "content", "createdAt", "clientId" FROM "Message"
          WHERE "conversationId" = ${conversationId}
          ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit + 1}`
      : await db.$queryRaw<MessageRow[]>`
          SELECT "id", "conversationId", "senderId", "content", "createdAt", "clientId" FROM "Message"
          WHERE "conversationId" = ${conversationId} AND ("createdAt", "id") < (${before.createdAt}, ${before.id})
          ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit + 1}`;
  const messages = rows.slice(0, limit).map(toMessage);
  const last = messages.at(-1);
  return { messages, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null };
}

/** `ChatStore.now`. */
export async function storeTime(db: Database): Promise<number> {
  // Rounded as `createdAt` is.
  const [row] = await db.$queryRaw<{ now: Date }[]>`SELECT now()::timestamptz(3) AS now`;
  if (!row) throw new Error("the database gave no time");
  return row.now.getTime();
}

/** `ChatStore.since`. */
export async function messagesSince(
  db: Database,
  conversationIds: readonly string[],
  { from, limit }: { from: number; limit: number },
): Promise<ChatMessage[]> {
  const rows = await db.$queryRaw<MessageRow[]>`
    SELECT "id", "conversationId", "senderId", "content", "createdAt", "clientId" FROM "Message"
    WHERE "conversationId" = ANY(${conversationIds.filter(isStorable)}::text[])
      AND "createdAt" >= ${new Date(from)}
    ORDER BY "createdAt", "id" LIMIT ${limit}`;
  return rows.map(toMessage);
}

/** `ChatStore.isMember`. */
export async function isMember(db: Database, conversationId: string, userId: string): Promise<boolean> {
  if (!isStorable(conversationId) || !isStorable(userId)) return false;
  const [found] = isAnonymousId(userId)
    ? await db.$queryRaw<unknown[]>`
        SELECT 1 FROM "AnonymousParticipant" p JOIN "ShareLink" l ON l."id" = p."shareLinkId"
        WHERE p."id" = ${userId} AND p."conversationId" = ${conversationId} AND p."isActive"
          AND p."sessionsRevokedAt" IS NULL
          AND l."isActive" AND (l."expiresAt" IS NULL OR l."expiresAt" > now())`
    : await db.$queryRaw<unknown[]>`
        SELECT 1 FROM "ConversationMember" m JOIN "User" u ON u."id" = m."userId"
        WHERE m."userId" = ${userId} AND m."conversationId" = ${conversationId} AND m."isActive" AND u."isActive"`;
  return found !== undefined;
}
