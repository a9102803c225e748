import { PresenceError } from "../../src/codes.ts";
import { messageId } from "../../src/db/message-id.ts";
import { isStorable } from "../../src/ids.ts";
import { decodeCursor, encodeCursor } from "../../src/message-cursor.ts";
import { type ChatStore, MESSAGES_PAGE_MAX } from "../../src/ports/chat-store.ts";
import type { ChatMessage } from "../../src/socket-events.ts";
import { conversationsOf, isSessionGood, type MemoryTables } from "./tables.ts";

/** Chat messages in memory. */
export function createMemoryChat(tables: MemoryTables): ChatStore {
  const { messages, now } = tables;
  return {
    async isMember(conversationId, userId) {
      const person = tables.people.get(userId);
      if (!person?.user.isActive || (person.guest && !isSessionGood(tables, person))) return false;
      return conversationsOf(tables, userId).includes(conversationId);
    },
    async add({ conversationId, senderId, content, clientId }) {
      if (![conversationId, senderId, content, clientId ?? ""].every(isStorable))
        throw new PresenceError("bad_request", "A message has no NUL characters.");
      const isSame = (one: ChatMessage) => one.senderId === senderId && one.clientId === clientId;
      const first = clientId === undefined ? undefined : messages.find(isSame);
      if (first) return { message: first, isNew: false };
      const createdAt = new Date(now()).toISOString();
      const named = clientId === undefined ? {} : { clientId };
      const message = { id: messageId(), conversationId, senderId, content, createdAt, ...named };
      messages.push(message);
      return { message, isNew: true };
    },
    async page(conversationId, { cursor, limit }) {
      if (!isStorable(conversationId)) return { messages: [], nextCursor: null };
      const size = Math.min(Math.max(1, Math.trunc(limit)), MESSAGES_PAGE_MAX);
      const before = cursor === undefined ? null : decodeCursor(cursor);
      const place = before && { id: before.id, createdAt: before.createdAt.toISOString() };
      const found = messages
        .filter((one) => one.conversationId === conversationId && (!place || byTime(one, place) < 0))
        .sort((a, b) => byTime(b, a));
      const page = found.slice(0, size);
      const last = page.at(-1);
      return { messages: page, nextCursor: found.length > size && last ? encodeCursor(last) : null };
    },
    now: async () => now(),
    since: async (conversationIds, { from, limit }) =>
      messages
        .filter((one) => conversationIds.includes(one.conversationId) && Date.parse(one.createdAt) >= from)
        .sort(byTime)
        .slice(0, limit),
  };
}

type Placed = Pick<ChatMessage, "id" | "createdAt">;

const byTime = (a: Placed, b: Placed): number =>
  Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
