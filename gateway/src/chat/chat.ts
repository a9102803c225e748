import { PresenceError } from "@meeshy/shared/codes";
import { insertMessage, isMember, listMessages } from "@meeshy/shared/db/chat";
import type { Database } from "@meeshy/shared/db/client";
import type { ChatMessage, MessageSend } from "@meeshy/shared/socket-events";
import { orUnavailable } from "../core/unavailable.ts";
import type { ChatOutbox } from "./chat-outbox.ts";

/** The demo's chat: enough of one to see presence at work. */
export interface Chat {
  /** Stores a member's message and tells every gateway. Others get `not_found`, as for a conversation that is none. */
  send(message: MessageSend & { senderId: string }): Promise<ChatMessage>;
  /** One page for a member, newest first. */
  list(
    conversationId: string,
    readerId: string,
    page: { cursor?: string; limit: number },
  ): Promise<{ messages: ChatMessage[]; nextCursor: string | null }>;
}

export function createChat({ db, outbox }: { db: Database; outbox: ChatOutbox }): Chat {
  const requireMember = async (conversationId: string, userId: string) => {
    if (!(await isMember(db, conversationId, userId))) {
      throw new PresenceError("not_found", "There is no such conversation.");
    }
  };
  return {
    send: (message) =>
      orUnavailable(async () => {
        await requireMember(message.conversationId, message.senderId);
        const stored = await insertMessage(db, message);
        outbox.tell(stored);
        return stored;
      }),
    list: (conversationId, readerId, page) =>
      orUnavailable(async () => {
        await requireMember(conversationId, readerId);
        return listMessages(db, conversationId, page);
      }),
  };
}
