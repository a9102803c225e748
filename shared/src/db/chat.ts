import { PresenceError } from "../codes.ts";
import type { ChatMessage } from "../socket-events.ts";
import type { Database } from "./client.ts";
import { isAnonymousId, isStorable } from "./ids.ts";

/** Messages of the demo chat. */

export const MESSAGES_PAGE_MAX = 100;

interface MessageRow {
  id: string;
  conversationId: string;
  senderId: string;
  content: string;
  createdAt: Date;
}

const toMessage = (row: MessageRow): ChatMessage => ({ ...row, createdAt: row.createdAt.toISOString() });

/** Stores a message; the caller has checked that the sender is a member. Text that cannot be stored is `bad_request`. */
export async function insertMessage(
  db: Database,
  message: { conversationId: string; senderId: string; content: string },
): Promise<ChatMessage> {
  const { conversationId, senderId, content } = message;
  if (![conversationId, senderId, content].every(isStorable)) {
    throw new PresenceError("bad_request", "A message has no NUL characters.");
  }
  return toMessage(await db.message.create({ data: { conversationId, senderId, content } }));
}

/**
 * One page of a conversation, newest first, at most {@link MESSAGES_PAGE_MAX}. `nextCursor` is opaque and null on
 * the last page; messages that arrive between two pages move nothing. A cursor that is none is `bad_request`.
 */
export async function listMessages(
  db: Database,
  conversationId: string,
  page: { cursor?: string; limit: number },
): Promise<{ messages: ChatMessage[]; nextCursor: string | null }> {
  if (!isStorable(conversationId)) return { messages: [], nextCursor: null };
  const limit = Math.min(Math.max(1, Math.trunc(page.limit)), MESSAGES_PAGE_MAX);
  const before = page.cursor === undefined ? null : decodeCursor(page.cursor);
  // A row comparison, so that the index is entered at the cursor.
  const rows =
    before === null
      ? await db.$queryRaw<MessageRow[]>`
          SELECT "id", "conversationId", "senderId", "content", "createdAt" FROM "Message"
          WHERE "conversationId" = ${conversationId}
          ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit + 1}`
      : await db.$queryRaw<MessageRow[]>`
          SELECT "id", "conversationId", "senderId", "content", "createdAt" FROM "Message"
          WHERE "conversationId" = ${conversationId} AND ("createdAt", "id") < (${before.createdAt}, ${before.id})
          ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit + 1}`;
  const messages = rows.slice(0, limit).map(toMessage);
  const last = messages.at(-1);
  return { messages, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null };
}

/** The messages of these conversations of the last `ms` milliseconds by the database's clock, oldest first, at most `limit`. */
export async function recentMessages(
  db: Database,
  conversationIds: readonly string[],
  { ms, limit }: { ms: number; limit: number },
): Promise<ChatMessage[]> {
  const rows = await db.$queryRaw<MessageRow[]>`
    SELECT "id", "conversationId", "senderId", "content", "createdAt" FROM "Message"
    WHERE "conversationId" = ANY(${conversationIds.filter(isStorable)}::text[])
      AND "createdAt" > now() - make_interval(secs => ${ms / 1_000}::float8)
    ORDER BY "createdAt", "id" LIMIT ${limit}`;
  return rows.map(toMessage);
}

/** Whether this person, or anonymous participant, is an active member of the conversation. */
export async function isMember(db: Database, conversationId: string, userId: string): Promise<boolean> {
  if (!isStorable(conversationId) || !isStorable(userId)) return false;
  const found = isAnonymousId(userId)
    ? await db.anonymousParticipant.count({ where: { id: userId, conversationId, isActive: true } })
    : await db.conversationMember.count({ where: { userId, conversationId, isActive: true } });
  return found > 0;
}

const encodeCursor = ({ createdAt, id }: ChatMessage): string =>
  Buffer.from(`${Date.parse(createdAt)} ${id}`).toString("base64url");

function decodeCursor(cursor: string): { createdAt: Date; id: string } {
  const [, millis, id] = /^(\d{1,15}) ([^\0]+)$/s.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (millis === undefined || id === undefined)
    throw new PresenceError("bad_request", "This cursor is not one of ours.");
  return { createdAt: new Date(Number(millis)), id };
}
