import { PresenceError } from "@meeshy/shared/codes";
import type { ChatStore, MessagePage } from "@meeshy/shared/ports/chat-store";
import type { ChatMessage, MessageSend } from "@meeshy/shared/socket-events";
import { orUnavailable } from "../core/unavailable.ts";
import type { ChatOutbox } from "./chat-outbox.ts";
import { messageFor } from "./message-for.ts";

/** The demo's chat: enough of one to see presence at work. */
export interface Chat {
  /**
   * Stores a member's message and publishes it to every gateway. Others get `not_found`, as for a conversation that is
   * none. The same `clientId` of one sender again gives the first message, and publishes nothing.
   */
  send(message: MessageSend & { senderId: string }): Promise<ChatMessage>;
  /** One page for a member, newest first. */
  list(
    conversationId: string,
    readerId: string,
    page: { cursor?: string; limit: number },
  ): Promise<MessagePage>;
}

export function createChat({ store, outbox }: { store: ChatStore; outbox: ChatOutbox }): Chat {
  const requireMember = async (conversationId: string, userId: string) => {
    if (!(await store.isMember(conversationId, userId))) {
      throw new PresenceError("not_found", "There is no such conversation.");
    }
  };
  return {
    send: (message) =>
      orUnavailable(async () => {
        await requireMember(message.conversationId, message.senderId);
        const { message: stored, isNew } = await store.add(message);
        if (isNew) outbox.publish(stored);
        return stored;
      }),
    list: (conversationId, readerId, page) =>
      orUnavailable(async () => {
        await requireMember(conversationId, readerId);
        const { messages, nextCursor } = await store.page(conversationId, page);
        return { messages: messages.map((message) => messageFor(readerId, message)), nextCursor };
      }),
  };
}
